"""Templates of pages, open: what slant got wrong on these was looked at and mended."""

from __future__ import annotations

from html import escape

from made_texts import MadeComment
from page_shell import MadePage, Template, Writer, broken, flat, initials, paragraphs, wordy_date


def wordpress_block(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        return (
            f'<li id="comment-{number}" class="comment even thread-even depth-{depth}"><div class="wp-block-group is-layout-flex"><div class="wp-block-'
            f'avatar"><img alt="{escape(c.author)} Avatar"></div><div class="wp-block-group"><div class="wp-block-comment-date has-small-font-size"><time>'
            f'<a href="#">{wordy_date(c.date)}</a></time></div><div class="wp-block-comment-author-name has-small-font-size">{escape(c.author)}</div><div '
            f'class="wp-block-comment-content">{paragraphs(c)}</div><div class="wp-block-comment-reply-link has-small-font-size"><a rel="nofollow" class='
            '"comment-reply-link" href="#">Reply</a></div></div></div>@@</li>'
        )

    html = (
        f'{w.head()}<div class="wp-site-blocks"><header class="wp-block-template-part"><p class="wp-block-site-title"><a href="#">{s.outlet}</a></p>'
        f'{w.menu("nav", "wp-block-navigation is-responsive")}</header><main class="wp-block-group is-layout-flow">{w.maybe(w.figure("wp-block-post-featured-image"))}'
        f'<h1 class="wp-block-post-title">{escape(s.title)}</h1><div class="wp-block-group"><p>Written by</p><div class="wp-block-post-author-name"><a>{s.author}'
        f'</a></div><p>in</p><div class="taxonomy-category wp-block-post-terms"><a rel="tag">{s.section}</a></div></div><div class="entry-content wp-block-post-'
        f'content is-layout-constrained">{w.furnished()}</div><div class="wp-block-group">{w.share()}</div><div class="wp-block-comments"><h2 id="comments" class='
        f'"wp-block-comments-title">{len(s.comments)} responses to “{escape(s.title)}”</h2><ol class="wp-block-comment-template">'
        f'{w.nested(show, lambda inner: f"<ol>{inner}</ol>")}</ol><div id="respond" class="comment-respond wp-block-post-comments-form"><h3>Leave a Reply</h3>'
        f"<form><p>Your email address will not be published.</p></form></div></div>{w.maybe(w.others('wp-block-query', 'More posts'))}</main></div>{w.footer()}"
    )
    return w.page("WordPress, block theme", html)


def drupal_olivero(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        return (
            f'<article data-comment-user-id="{number}" id="comment-{number}" class="comment js-comment"><div class="comment__picture-wrapper"><div class='
            f'"comment__picture"></div></div><div class="comment__text-wrapper"><footer class="comment__meta"><p class="comment__author"><span>{escape(c.author)}'
            f'</span></p><p class="comment__time">{wordy_date(c.date)}</p></footer><div class="comment__content"><div class="text-content clearfix field field--name-'
            f'comment-body field__item">{paragraphs(c)}</div><ul class="links inline comment__links"><li><a href="#">Reply</a></li></ul></div></div></article>@@'
        )

    html = (
        f'{w.head()}<div class="dialog-off-canvas-main-canvas"><div id="page-wrapper"><header class="site-header"><div class="site-branding">{s.outlet}</div>'
        f'{w.menu("div", "header-nav")}</header><div id="main-wrapper" class="layout-main-wrapper"><main role="main"><div class="region region--content-above">'
        f'<div class="block block-core"><h1 class="title page-title"><span class="field field--name-title">{escape(s.title)}</span></h1></div></div><div class='
        f'"region region--content"><article class="node node--type-article node--view-mode-full"><header class="layout--content-narrow"><div class="node__meta">'
        f'<span>By <span class="field field--name-uid">{s.author}</span>, {wordy_date(s.date)}</span></div></header><div class="node__content grid-full"><div class='
        f'"text-content clearfix field field--name-body field__item">{w.furnished()}</div><div class="field--tags field--label-inline"><span class="field--tags__label">'
        f'Tags</span><ul><li><a>harbor</a></li></ul></div><section class="field field--name-comment comments" data-drupal-selector="comments"><h2 class="comments__title">'
        f'Comments<span class="comments__count">{len(s.comments)}</span></h2>{w.nested(show, lambda inner: f"<div class=indented>{inner}</div>")}<div class="add-comment">'
        f'<h2 class="add-comment__title">Add new comment</h2><div class="add-comment__form"><form></form></div></div></section></div></article>{w.others("block-views")}'
        f"</div></main></div></div></div>{w.footer()}"
    )
    return w.page("Drupal 10", html)


def arc_coral(w: Writer) -> MadePage:
    s = w.made
    depths = w.depths()

    def show(c: MadeComment, index: int) -> str:
        number = f"{w.number():x}-4ac1-{w.number():x}"
        indent = f"coral-indent-{depths[index]}" if depths[index] else ""
        return (
            f'<div id="comment-{number}"><div class="Indent-root coral coral-indent {indent}"><div class="coral coral-comment coral-reacted-0" id="coral-{number}" role="article" '
            f'aria-labelledby="x"><div class="Comment-root"><div class="coral coral-comment-topBar"><div class="UsernameWithPopover-root"><button class="coral coral-username '
            f'coral-comment-username"><span>{escape(c.author)}</span></button></div><div class="CommentTimestamp-root"><button class="coral coral-timestamp coral-comment-'
            f'timestamp"><time datetime="{c.date}">3 days ago</time></button></div></div><div class="HTMLContent-root coral coral-content coral-comment-content">'
            f'{paragraphs(c, w.pick(("div", "p")))}</div><div class="coral coral-comment-actionBar"><button>Respect</button><button>Reply</button><button>Share</button><button>'
            "Report</button></div></div></div></div></div>"
        )

    thread = "".join(show(c, index) for index, c in enumerate(s.comments))
    coral = (
        f'<div id="coral_thread" class="coral"><div class="coral coral-stream"><div class="coral coral-userPoll">Join the conversation</div><div class="coral coral-commentForm">Post '
        f'a comment</div><div class="coral-allComments">All Comments {len(s.comments)}</div><div>{thread}</div></div></div>'
    )
    html = (
        f'{w.head(linked=True)}<div id="fusion-app"><header>{w.menu("nav", "nav-bar")}</header><main><div class="article-header"><a class="kicker">{s.section}</a><h1 data-qa='
        f'"headline" class="font-headline">{escape(s.title)}</h1><p data-qa="subheadline">{escape(s.standfirst)}</p><div class="byline" data-qa="author-byline">By <a rel="author">'
        f'{s.author}</a></div><span data-testid="display-date">{wordy_date(s.date)}</span></div><div class="article-body" data-qa="article-body">{w.furnished("wpds-c-PJLV font-copy")}'
        f'</div><div data-qa="comments-btn"><button>{len(s.comments)} Comments</button></div>{coral}<div data-qa="recirc">{w.others()}</div></main></div>{w.footer()}'
    )
    return w.page("Arc with Coral comments", html)


def amp(w: Writer) -> MadePage:
    s = w.made
    extra = '<link rel="canonical" href="https://example.org/a"><style amp-custom>p{margin:0}</style><script async src="https://cdn.ampproject.org/v0.js"></script>'

    def put(at: int) -> str:
        if at % 3 != 1:
            return ""
        return w.pick(
            ('<amp-ad width="300" height="250" type="doubleclick"></amp-ad>',
             f'<figure><amp-img src="a.jpg" width="4" height="3"></amp-img><figcaption>{escape(s.captions[1])}</figcaption></figure>',
             '<amp-social-share type="email"></amp-social-share>')
        )  # fmt: skip

    html = (
        f'{w.head(extra=extra, linked=True)}<amp-sidebar id="sidebar">{w.menu()}</amp-sidebar><header class="amp-wp-header"><a href="#">{s.outlet}</a></header><article class="amp-wp-'
        f'article"><header class="amp-wp-article-header"><h1 class="amp-wp-title">{escape(s.title)}</h1><div class="amp-wp-meta amp-wp-byline"><span class="amp-wp-author author vcard">'
        f'{s.author}</span></div><div class="amp-wp-meta amp-wp-posted-on"><time>3 days ago</time></div></header><div class="amp-wp-article-content">{w.body(put)}</div><footer class='
        f'"amp-wp-article-footer"><div class="amp-wp-meta amp-wp-tax-category">Categories: {s.section}</div><div class="amp-wp-meta amp-wp-comments-link"><a href="#">Leave a Comment</a>'
        f'</div></footer></article>{w.maybe(w.others("amp-related"))}<amp-consent id="consent"><p>We use cookies to measure visits.</p><button>Accept</button></amp-consent>{w.footer()}'
    )
    return w.page("AMP", html, comments=[])


def live_blog_blocks(w: Writer) -> MadePage:
    s = w.made
    code = f"dcr-{w.number():x}"
    entries, text, headings = "", list[str](), list[str]()
    for at, (heading, said) in enumerate(w.updates(3, headed=0.6)):
        headings += [heading] if heading else []
        text += [*([heading] if heading else []), *said]
        entries += (
            f'<article id="block-{w.number():x}" data-component="block" class="{code}"><header class="{code}"><a class="{code}" href="#"><time datetime="x"><span>{at + 2}h ago</span>'
            f'</time><span class="{code}">{17 - at}.{w.rng.randint(10, 59)} CET</span></a>{f"<h2>{escape(heading)}</h2>" if heading else ""}</header>'
            f'{w.maybe(f"<div class={code}><a rel=author>{s.author}</a></div>")}{"".join(f"<p>{escape(each)}</p>" for each in said)}<footer class="{code}"><button>Share</button></footer></article>'
        )
        if at == 2:
            entries += w.advert()
    html = (
        f'{w.head(linked=True)}<header>{w.menu()}</header><main><div class="{code}" data-gu-name="headline"><h1>{escape(s.title)}</h1></div><div data-gu-name="standfirst"><p>{escape(s.standfirst)}</p>'
        f'</div><div data-gu-name="meta"><a rel="author" href="#">{s.author}</a><details><summary>{wordy_date(s.date)}</summary></details></div><div data-gu-name="body"><div id="liveblog-body" '
        f'class="{code}"><div class="{code}"><h2>Key events</h2><ul>{"".join(f"<li><a href=#>{escape(t)}</a></li>" for t in headings)}</ul></div>{entries}</div><button>Older posts</button>'
        f"{w.share()}</div></main><section>{w.others('dcr-onwards')}</section>{w.footer()}"
    )
    return w.page("Live blog, blocks", html, text=text, comments=[], left_aside=[s.title, s.standfirst])


def coral_custom(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        return (
            f'<div class="talk-stream-comment-wrapper talk-stream-comment-wrapper-level-{depth - 1}" id="c_{number}"><div class="talk-stream-comment talk-stream-comment-level-{depth - 1}"><div class='
            f'"talk-stream-comment-container"><div class="talk-stream-comment-header"><div class="talk-stream-comment-user-info"><span class="talk-stream-comment-user-name">{escape(c.author)}</span>'
            f'<span class="talk-stream-comment-published-date">2 days ago</span></div></div><div class="talk-stream-comment-content"><div class="talk-plugin-rich-text-text">{broken(c)}</div></div><div '
            'class="talk-stream-comment-footer"><button>Like</button><button>Reply</button></div></div></div>@@</div>'
        )

    html = (
        f'{w.head()}<div class="site">{w.menu("div", "site-menu")}<article class="story"><h1>{escape(s.title)}</h1><div class="story-byline">{s.author} · {wordy_date(s.date)}</div><div class="story-text">'
        f'{w.furnished()}</div>{w.share()}</article><section class="story-comments"><h3>Reader comments</h3><div id="coral_talk_stream"><div class="talk-stream-comments-container">{w.nested(show)}</div>'
        f"</div></section>{w.others()}</div>{w.footer()}"
    )
    return w.page("Coral Talk (version 4)", html)


def facebook_new(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        return (
            f'<div class="_3-8y _5nz1 clearfix" direction="left"><div class="_ohe lfloat"><img class="_1ci"></div><div class="UFIImageBlockContent _42ef clearfix"><div class="_ohf rfloat"></div><div class="">'
            f'<div><span><a target="_blank" class=" UFICommentActorName" dir="ltr" href="#">{escape(c.author)}</a></span><div class="_3-8m"><div class="_30o4"><span><span class="_5mdd"><span>{broken(c)}'
            f'</span></span></span></div></div><div class="_2vq9 fsm fwn fcg"><a href="#">Like</a><span> · </span><a class="_2vq9" href="#">Reply</a><span> · </span><a href="#">4</a><span> · </span><abbr '
            f'class="UFISutroCommentTimestamp livetimestamp">2y</abbr></div></div><div class="_44ri _2pis"><div>@@</div></div></div></div></div>'
        )

    thread = f'<div class="_5o4h">{w.nested(show)}</div>'
    framed = (
        f'<!DOCTYPE html><html><body class="plugin"><div id="u_0_0"><div class="_56q9"><div class="_491z clearfix"><span class="_50f7">{len(s.comments)} comments</span><span>Sort by <a>Top</a></span></div>'
        f'{thread}<div class="_5lm5"><a>Facebook Comments Plugin</a></div></div></div></body></html>'
    )
    plug = (
        f'<iframe title="fb:comments Facebook Social Plugin" srcdoc="{escape(framed)}"></iframe>'
        if w.chance(0.6)
        else thread
    )
    html = (
        f'{w.head()}<div id="page">{w.menu("div", "menu")}<div class="td-post-content-wrap"><article class="post"><header class="td-post-title"><h1 class="entry-title">{escape(s.title)}</h1><div class="td-'
        f'module-meta-info"><div class="td-post-author-name">By <a>{s.author}</a></div><time>{wordy_date(s.date)}</time></div></header><div class="td-post-content tagdiv-type">{w.furnished()}</div><footer>'
        f'{w.share()}</footer></article></div><div class="fb-comments fb_iframe_widget"><span>{plug}</span></div>{w.others("td_block_related_posts")}</div>{w.footer()}'
    )
    return w.page("Facebook comments, newer", html)


def discourse(w: Writer) -> MadePage:
    s = w.made
    first, replies = w.forum()

    def post(c: MadeComment, at: int) -> str:
        kind = ' itemprop="comment" itemscope itemtype="http://schema.org/Comment"' if at else ""
        return (
            f'<div id="post_{at + 1}"{kind} class="topic-body crawler-post"><div class="crawler-post-meta"><span class="creator" itemprop="author" itemscope itemtype="http://schema.org/Person"><a itemprop="url" '
            f'rel="nofollow" href="#"><span itemprop="name">{escape(c.author)}</span></a></span><span class="crawler-post-infos"><time itemprop="datePublished" class="post-time">{wordy_date(c.date)}, 9:39pm</time>'
            f'<span itemprop="position">{at + 1}</span></span></div><div class="post" itemprop="text">{paragraphs(c)}</div><div itemprop="interactionStatistic"><span class="post-likes">2 Likes</span></div></div>'
        )

    posts = "".join(post(c, at) for at, c in enumerate([first, *replies]))
    html = (
        f'{w.head(linked=False)}<header><a href="#">{s.outlet} forum</a></header><div id="main-outlet" class="wrap" role="main"><div id="topic-title"><h1><a href="#">{escape(s.title)}</a></h1><div class="topic-'
        f'category"><span class="category-title">Harbor</span></div></div><div itemscope itemtype="http://schema.org/DiscussionForumPosting"><meta itemprop="headline" content="{escape(s.title)}">{posts}</div>'
        f'<div id="related-topics" class="more-topics__list"><h3>Related topics</h3><table><tbody>{"".join(f"<tr><td><a>{escape(t)}</a></td><td>3</td></tr>" for t, _ in s.others)}</tbody></table></div></div>'
        f'<footer class="container wrap"><nav><a>Home</a><a>Guidelines</a></nav></footer>{w.footer()}'
    )
    return w.page("Discourse", html, text=list(first.paragraphs), comments=replies)


def vbulletin(w: Writer) -> MadePage:
    s = w.made
    first, replies = w.forum()

    def post(c: MadeComment, at: int) -> str:
        number = w.number()
        return (
            f'<li class="postbitlegacy postbitim postcontainer old" id="post_{number}"><div class="posthead"><span class="postdate old"><span class="date">{wordy_date(c.date)}, <span class="time">09:14 AM</span></span>'
            f'</span><span class="nodecontrols"><a class="postcounter">#{at + 1}</a></span></div><div class="postdetails"><div class="userinfo"><div class="username_container"><div class="popupmenu memberaction"><a '
            f'class="username offline popupctrl" href="#"><strong>{escape(c.author)}</strong></a></div></div><span class="usertitle">Senior Member</span><dl class="userinfo_extra"><dt>Join Date</dt><dd>May 2009</dd>'
            f'<dt>Posts</dt><dd>512</dd></dl></div><div class="postbody"><div class="postrow"><h2 class="title icon">{"" if at == 0 else "Re: "}{escape(s.title)}</h2><div class="content"><div id="post_message_{number}">'
            f'<blockquote class="postcontent restore">{broken(c)}</blockquote></div></div></div></div></div><div class="postfoot"><div class="textcontrols floatcontainer"><a class="newreply">Reply With Quote</a></div></div></li>'
        )

    posts = "".join(post(c, at) for at, c in enumerate([first, *replies]))
    html = (
        f'{w.head(linked=False)}<div class="above_body">{w.menu("div", "navtabs")}</div><div class="body_wrapper"><div id="breadcrumb" class="breadcrumb"><ul><li>Forum</li><li>Harbor</li></ul></div><div id="pagetitle" class='
        f'"pagetitle"><h1>Thread: <span class="threadtitle"><a href="#">{escape(s.title)}</a></span></h1></div><div id="postlist" class="postlist restrain"><ol id="posts" class="posts">{posts}</ol></div><div id="thread_info">'
        f"<h4>Thread Information</h4><div>There are currently 1 users browsing this thread.</div></div></div>{w.footer()}"
    )
    return w.page("vBulletin", html, text=list(first.paragraphs), comments=replies)


def joomla(w: Writer) -> MadePage:
    s = w.made
    depths = w.depths()

    def show(c: MadeComment, index: int) -> str:
        number = w.number()
        return (
            f'<div class="{"even" if index % 2 else "odd"}" id="comment-item-{number}" style="padding-left: {20 * depths[index]}px"><div class="rbox"><div class="comment-box usertype-guest"><span class="comments-vote"><span id='
            f'"comment-vote-holder-{number}"></span></span><a class="comment-anchor" href="#" id="comment-{number}">#{index + 1}</a><span class="comment-author">{escape(c.author)}</span><span class="comment-date">{c.date} 10:12'
            f'</span><div class="comment-body" id="comment-body-{number}">{broken(c)}</div><span class="comments-buttons"><a href="#">Quote</a></span></div><div class="clear"></div></div></div>'
        )

    html = (
        f'{w.head(linked=False)}<div class="body"><div class="header">{s.outlet}{w.menu("div", "navigation")}</div><main id="content"><div class="item-page" itemscope itemtype="https://schema.org/Article"><div class="page-header">'
        f'<h2 itemprop="headline">{escape(s.title)}</h2></div><dl class="article-info muted"><dt class="article-info-term">Details</dt><dd class="createdby">Written by <span itemprop="name">{s.author}</span></dd><dd class='
        f'"published">Published: {wordy_date(s.date)}</dd><dd class="hits">Hits: 1843</dd></dl><div itemprop="articleBody">{w.furnished()}</div><ul class="pager pagenav"><li class="previous"><a>Prev</a></li></ul></div><div id='
        f'"jc"><div id="comments"><h4>Comments</h4><div class="comments-list" id="comments-list">{"".join(show(c, i) for i, c in enumerate(s.comments))}</div><div id="comments-list-footer"><a class="refresh">Refresh comments list'
        f'</a></div></div></div></main><div class="sidebar">{w.others("moduletable")}</div></div>{w.footer()}'
    )
    return w.page("Joomla with JComments", html, comments=flat(s.comments))


def squarespace(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = f"{w.number():x}"
        return (
            f'<div id="comment-{number}" class="comment clear depth-{depth} top-level-{"yes" if depth == 1 else "no"}"><div class="comment-wrapper"><div class="comment-header clear"><div class="author-avatar"><img></div><div '
            f'class="comment-byline clear"><span class="author">{escape(c.author)}</span><span class="date">3 years ago</span><span class="points">0 Likes</span></div></div><div class="comment-body">{paragraphs(c)}</div><div class='
            '"comment-footer clear"><span class="comment-btn like-btn">Like</span><span class="comment-btn reply-btn">Reply</span></div></div>@@</div>'
        )

    body = "".join(
        f'<div class="sqs-block html-block sqs-block-html"><div class="sqs-block-content">{w.block(b, at)}</div></div>' for at, b in enumerate(s.blocks)
    ) if w.chance(0.4) else f'<div class="sqs-block html-block"><div class="sqs-block-content">{w.furnished()}</div></div>'  # fmt: skip
    html = (
        f'{w.head()}<div id="siteWrapper" class="site-wrapper"><header id="header" class="header">{w.menu("nav", "header-nav-list")}</header><main id="page" role="main"><article class="sections" id="sections"><section class='
        f'"page-section blog-item-section"><div class="content-wrapper"><article id="article-" class="h-entry entry hentry"><div class="blog-item-wrapper"><div class="blog-item-title"><h1 class="entry-title entry-title--large '
        f'p-name">{escape(s.title)}</h1></div><div class="blog-item-top-wrapper"><div class="blog-meta-item"><time class="dt-published">{wordy_date(s.date)}</time></div><div class="blog-meta-item">Written By {s.author}</div></div>'
        f'<div class="blog-item-content e-content"><div class="sqs-layout sqs-grid-12">{body}</div></div><div class="blog-item-comments"><div class="squarespace-comments" id="comments-{w.number():x}"><div class="comments-header '
        f'clear"><h3 class="comment-count">Comments ({len(s.comments)})</h3></div><div class="comments-content"><div class="comment-list">{w.nested(show, lambda inner: f"<div class=comment-list>{inner}</div>")}</div></div></div>'
        f'</div></div></article></div></section><section class="item-pagination"><a>Previous<h2>{escape(s.others[0][0])}</h2></a></section></article></main></div>{w.footer()}'
    )
    return w.page("Squarespace", html)


def microdata(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        return (
            f'<div itemprop="comment" itemscope itemtype="http://schema.org/Comment" class="cmt"><div class="cmt-top"><span itemprop="author" itemscope itemtype="http://schema.org/Person"><b itemprop="name">{escape(c.author)}</b></span> '
            f'<time itemprop="dateCreated" datetime="{c.date}">{wordy_date(c.date)}</time></div><div itemprop="text">{paragraphs(c)}</div><div class="cmt-tools"><a>Answer</a> <a>+3</a></div>@@</div>'
        )

    html = (
        f'{w.head()}<div class="l-page"><div class="l-top">{w.menu("div", "mainnav")}</div><div class="l-article" itemscope itemtype="http://schema.org/NewsArticle"><h1 itemprop="headline">{escape(s.title)}</h1><p class="intro" '
        f'itemprop="description">{escape(s.standfirst)}</p><p class="meta">By <span itemprop="author">{s.author}</span>, <time itemprop="datePublished" datetime="{s.date}">{wordy_date(s.date)}</time></p><div itemprop="articleBody">'
        f'{w.furnished()}</div>{w.share()}<section class="discussion"><h2>{len(s.comments)} opinions</h2>{w.nested(show)}</section></div><div class="l-side">{w.others("box-mostread")}</div></div>{w.footer()}'
    )
    return w.page("Own site with schema.org markup", html)


def ghost(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        return (
            '<div class="flex w-full flex-row mb-7" data-testid="comment-component"><div class="mr-2 flex flex-col items-center '
            'justify-start sm:mr-3"><div class="flex-0 mb-3"><figure class="relative h-8 w-8"><div class="flex items-center '
            f'justify-center rounded-full"><p class="font-sans text-base text-white">{initials(c.author)}</p></div></figure></div></div>'
            '<div class="grow"><div class="mb-2 mt-0.5 flex flex-row items-start justify-between"><div><div class="flex w-full flex-'
            f'row"><h4 class="font-sans text-base font-bold leading-snug">{escape(c.author)}</h4></div><div class="flex font-sans '
            'text-base text-neutral-900/50"><span><span class="mx-[0.3em] hidden">·</span><span title="x">3 days ago</span></span>'
            '</div></div></div><div class="mb-2 mt-0 flex flex-row items-center gap-4 pr-4"><div class="gh-comment-content '
            f'whitespace-normal text-md" data-testid="comment-content">{paragraphs(c)}</div></div><div class="flex items-center gap-4">'
            '<button data-testid="like-button">2</button><button data-testid="reply-button">Reply</button></div>@@</div></div>'
        )

    thread = w.nested(show, lambda inner: f'<div class="-ml-2 mb-4 mt-7 sm:mb-0 sm:mt-8">{inner}</div>')
    framed = (
        '<!DOCTYPE html><html><head><style>.a{b:c}</style></head><body><div><section class="flex flex-col items-stretch" data-testid='
        f'"content-box"><div class="flex w-full"><h2 class="text-2xl">Discussion</h2><span>{len(s.comments)} comments</span></div>'
        f'<div data-testid="comment-list">{thread}</div></section></div></body></html>'
    )
    feature = w.maybe(
        f'<figure class="gh-article-image kg-width-wide"><img src="f.jpg"><figcaption>{escape(s.captions[0])}</figcaption></figure>'
    )
    shown = w.maybe(f'<p class="gh-article-excerpt is-body">{escape(s.standfirst)}</p>')
    html = (
        f'{w.head()}<div class="gh-viewport"><header id="gh-navigation" class="gh-navigation is-left-logo gh-outer"><div class="gh-'
        f'navigation-inner gh-inner">{w.menu()}</div></header><main class="gh-main"><article class="gh-article post tag-news">'
        f'<header class="gh-article-header gh-canvas"><a class="gh-article-tag" href="#">{s.section}</a><h1 class="gh-article-title '
        f'is-title">{escape(s.title)}</h1>{shown}<div class="gh-article-meta"><h4 class="gh-article-author-name"><a href="#">{s.author}'
        f'</a></h4><div class="gh-article-meta-content"><time datetime="{s.date}">{wordy_date(s.date)}</time><span class="gh-article-'
        f'meta-length">— 4 min read</span></div></div>{feature}</header><section class="gh-content gh-canvas is-body">{w.furnished()}'
        '</section></article><div class="gh-comments gh-canvas"><h2 class="gh-comments-header">Member discussion</h2><div id="ghost-'
        f'comments-root"><iframe title="comments-frame" srcdoc="{escape(framed)}"></iframe></div></div></main><section class="gh-'
        f'container is-grid gh-outer"><h2 class="gh-container-title">Read more</h2><div class="gh-feed">{w.others("gh-card post")}'
        f'</div></section><section class="gh-cta"><h3>Sign up for more like this.</h3><p>Enter your email</p></section></div>{w.footer()}'
    )
    return w.page("Ghost", html)


def arc_openweb(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        return (
            '<li class="components-MessageLayout-index__message-container spcv_message-stack" data-spot-im-class="message-container">'
            '<article class="spcv_root-message" data-openweb-allow-amp="true"><div class="components-MessageLayout-index__message-view" '
            'data-spot-im-class="message-view"><div class="components-MessageDetails-index__message-details"><span class="spcv_username '
            f'src-components-Username" data-spot-im-class="message-username">{escape(c.author)}</span><time data-spot-im-class="message-'
            'timestamp">2 days ago</time></div><div class="components-MessageContent-components-text-text" data-spot-im-class="message-'
            f'text">{paragraphs(c)}</div><div data-spot-im-class="message-actions"><button>Reply</button><span>14</span></div></div>'
            "</article>@@</li>"
        )

    thread = w.nested(
        show, lambda inner: f'<ul class="spcv_children-list" data-spot-im-class="replies">{inner}</ul>'
    )
    html = (
        f'{w.head(linked=True)}<div id="fusion-app" class="layout-section"><header class="b-header-nav-chain">{w.menu("nav", "b-header-nav")}'
        f'</header><div class="b-right-rail"><section class="b-right-rail__navigation"></section><div class="b-right-rail__full-width-1">'
        f'<h1 class="b-headline">{escape(s.title)}</h1><h2 class="b-subheadline">{escape(s.standfirst)}</h2></div><div class="b-right-rail'
        f'__rail-container"><main class="b-right-rail__main"><figure class="c-media-item b-lead-art"><img><figcaption class="c-media-item'
        f'__fig-caption"><span class="c-media-item__caption">{escape(s.captions[0])} </span><span class="c-media-item__credit">(Photo desk)'
        f'</span></figcaption></figure><div class="c-byline b-byline"><span>By</span> <a href="#">{s.author}</a></div><time class="c-date '
        f'b-date">{wordy_date(s.date)} at 8:10 a.m.</time><article class="c-stack b-article-body">{w.furnished("c-paragraph")}</article>'
        f'<ul class="b-tags"><li><a href="#">Harbors</a></li></ul></main><aside class="b-right-rail__aside">{w.others("b-top-table-list")}'
        f'</aside></div></div><div data-spotim-module="conversation"><div id="spotim-specific"><div class="spcv_conversation"><div class='
        f'"spcv_header"><h2>Conversation</h2><span>{len(s.comments)} Comments</span></div><ul class="spcv_messages-list" data-spot-im-class='
        f'"messages">{thread}</ul><a href="#">Powered by OpenWeb</a></div></div></div></div>{w.footer()}'
    )
    return w.page("Arc with OpenWeb comments", html)


OPEN: tuple[Template, ...] = (
    wordpress_block,
    drupal_olivero,
    arc_coral,
    amp,
    live_blog_blocks,
    coral_custom,
    facebook_new,
    discourse,
    vbulletin,
    joomla,
    squarespace,
    microdata,
    ghost,
    arc_openweb,
)
