"""Templates of pages, held out: what slant makes of them was never looked at while its reader was changed."""

from __future__ import annotations

from html import escape

from made_texts import MadeComment
from page_shell import MadePage, Template, Writer, broken, paragraphs, wordy_date


def wordpress_classic(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        badge = w.maybe(
            '<img alt="" src="https://secure.gravatar.com/avatar/?s=32" class="avatar avatar-32 photo">'
        )
        return (
            f'<li id="comment-{number}" class="comment {"even" if index % 2 == 0 else "odd alt"} depth-{depth}">'
            f'<div id="div-comment-{number}" class="comment-body"><div class="comment-author vcard">{badge}'
            f'<cite class="fn">{escape(c.author)}</cite> <span class="says">says:</span></div>'
            f'<div class="comment-meta commentmetadata"><a href="#comment-{number}">{wordy_date(c.date)} at 9:41 am</a></div>'
            f'{paragraphs(c)}<div class="reply"><a rel="nofollow" class="comment-reply-link" href="#">Reply</a></div></div>@@</li>'
        )

    thread = w.nested(show, lambda inner: f'<ul class="children">{inner}</ul>')
    tags = '<div class="entry-meta post-tags">Tags: <a rel="tag" href="#">harbor</a>, <a rel="tag" href="#">council</a></div>'
    author = f'<div class="author-box"><h4>About {s.author}</h4><p>{s.author} writes about the coast for the {s.outlet}.</p></div>'
    form = (
        '<div id="respond" class="comment-respond"><h3 id="reply-title">Leave a Reply</h3><form><p class="comment-notes">Your '
        "email address will not be published. Required fields are marked *</p><textarea></textarea></form></div>"
    )
    html = (
        f'{w.head(body=" class=single")}<div id="page"><header id="masthead" class="site-header"><p class="site-title">{s.outlet}'
        f'</p>{w.menu("div", "nav-menu")}</header><div id="primary" class="content-area"><div id="content" role="main">'
        f'<div id="post-{w.number()}" class="post hentry"><h1 class="entry-title">{escape(s.title)}</h1>'
        f'<div class="entry-meta"><span class="posted-on">Posted on {wordy_date(s.date)}</span> by <span class="author">{s.author}'
        f'</span></div><div class="entry-content">{w.furnished()}{w.share()}</div>{tags}{w.maybe(author)}</div>'
        f'<div class="nav-links"><a rel="prev" href="#">{escape(s.others[0][0])}</a></div>{w.maybe(w.others())}'
        f'<div id="comments"><h2 class="comments-title">{len(s.comments)} Responses to “{escape(s.title)}”</h2>'
        f'<ol class="commentlist">{thread}</ol>{form}</div></div></div>'
        f'<div id="secondary" class="widget-area"><aside class="widget widget_recent_entries"><h3>Recent Posts</h3><ul>'
        f'{"".join(f"<li><a href=#>{escape(t)}</a></li>" for t, _ in s.others)}</ul></aside><aside class="widget '
        f'widget_recent_comments"><h3>Recent Comments</h3><ul><li class="recentcomments">{w.handle()} on <a href="#">'
        f"{escape(s.others[1][0])}</a></li></ul></aside></div></div>{w.footer()}"
    )
    return w.page("WordPress, classic theme", html)


def wpdiscuz(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        reply = "wpd-reply" if depth > 1 else ""
        return (
            f'<div id="wpd-comm-{number}_0" class="comment even thread-even depth-{depth} {reply} wpd-comment wpd_comment_level-{depth}"><div class="wpd-comment-wrap wpd-blog-guest"><div class="wpd-comment-left"><div '
            f'class="wpd-avatar"><img></div></div><div id="comment-{number}" class="wpd-comment-right"><div class="wpd-comment-header"><div class="wpd-comment-author">{escape(c.author)}</div><div class="wpd-comment-date" '
            f'title="x">2 years ago</div><div class="wpd-space"></div></div><div class="wpd-comment-text">{paragraphs(c)}</div><div class="wpd-comment-footer"><div class="wpd-vote"><div class="wpd-vote-result">0</div></div>'
            f'<div class="wpd-reply-button"><span>Reply</span></div></div></div></div><div id="wpdiscuz_form_anchor-{number}_0"></div>@@</div>'
        )

    html = (
        f'{w.head()}<div class="site"><header>{w.menu()}</header><main id="main" class="site-main"><article class="post type-post hentry"><header class="entry-header"><h1 class="entry-title">{escape(s.title)}</h1><div class='
        f'"entry-meta"><span class="byline">{s.author}</span><time>{wordy_date(s.date)}</time></div></header><div class="entry-content">{w.furnished()}</div></article><div class="wpdiscuz_top_clearing"></div><div id="comments" class='
        f'"comments-area"><div id="wpdcom" class="wpdiscuz_unauth wpd-default"><div class="wpd-form-head"><div class="wpd-sbs-title">Subscribe</div></div><div class="wpd-form wpd-main-form-wrapper"><form></form></div><div id="wpd-'
        f'threads" class="wpd-thread-wrapper"><div class="wpd-thread-head"><div class="wpd-thread-info">{len(s.comments)} Comments</div><div class="wpd-thread-filter">Oldest Newest Most Voted</div></div><div class="wpd-thread-list">'
        f'{w.nested(show)}</div></div></div></div></main><aside id="secondary">{w.others("widget")}</aside></div>{w.footer()}'
    )
    return w.page("WordPress with wpDiscuz", html)


def drupal_seven(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        subject = " ".join(c.text.split()[:4])
        return (
            f'<a id="comment-{number}"></a><div class="comment comment-by-anonymous clearfix" about="/comment/{number}" typeof="sioc:'
            f'Post sioct:Comment"><div class="attribution"><div class="submitted"><p class="commenter-name"><span class="username" '
            f'xml:lang="" typeof="sioc:UserAccount" property="foaf:name">{escape(c.author)}</span></p><p class="comment-time"><span>'
            f'{wordy_date(c.date)} - 14:07</span></p><p class="comment-permalink"><a href="#" class="permalink" rel="bookmark">Permalink'
            f'</a></p></div></div><div class="comment-text"><div class="comment-arrow"></div><h3 property="dc:title"><a class="permalink" '
            f'href="#">{escape(subject)}</a></h3><div class="content"><div class="field field-name-comment-body field-type-text-long">'
            f'<div class="field-items"><div class="field-item even" property="content:encoded">{paragraphs(c)}</div></div></div></div>'
            '<nav class="links comment-links"><ul class="links inline"><li class="comment-reply first last"><a href="#">reply</a></li>'
            "</ul></nav></div></div>@@"
        )

    thread = w.nested(show, lambda inner: f'<div class="indented">{inner}</div>')
    html = (
        f'{w.head(body=" class=node-type-article")}<div id="page-wrapper"><div id="page"><div id="header"><div id="name-and-slogan">'
        f'{s.outlet}</div>{w.menu("div", "region region-header")}</div><div id="main-wrapper"><div id="main"><div id="content" class='
        f'"column"><div class="section"><h1 class="title" id="page-title">{escape(s.title)}</h1><div class="region region-content"><div '
        f'id="node-{w.number()}" class="node node-article node-full clearfix" typeof="sioc:Item foaf:Document"><div class="meta '
        f'submitted">Submitted by <span class="username">{s.author}</span> on {wordy_date(s.date)}</div><div class="content clearfix">'
        f'<div class="field field-name-body field-type-text-with-summary field-label-hidden"><div class="field-items"><div class="field-'
        f'item even" property="content:encoded">{w.furnished()}</div></div></div><div class="field field-name-field-tags"><h3 class="'
        f'field-label">Tags: </h3><ul class="links"><li><a href="#">harbor</a></li></ul></div></div><div class="link-wrapper"><ul '
        f'class="links inline"><li class="comment-add"><a href="#">Add new comment</a></li></ul></div><div id="comments" class="comment-'
        f'wrapper"><h2 class="title">Comments</h2>{thread}</div></div></div></div></div><div id="sidebar-second" class="column sidebar">'
        f"{w.others('block block-views', 'Most popular')}</div></div></div></div></div>{w.footer()}"
    )
    subjects = [" ".join(c.text.split()[:4]) for c in s.comments]
    return w.page("Drupal 7", html, left_aside=[s.title, s.standfirst, *subjects])


def isso(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        return (
            f'<div class="isso-comment isso-no-votes" id="isso-{number}"><div class="isso-avatar"><svg></svg></div><div class="isso-text-wrapper"><div class="isso-comment-header" role="meta"><span class="isso-author">'
            f'{escape(c.author)}</span><span class="isso-spacer">•</span><a class="isso-permalink" href="#"><time>3 months ago</time></a><span class="isso-note"></span></div><div class="isso-text">{paragraphs(c)}</div>'
            '<div class="isso-comment-footer"><a class="isso-upvote" href="#"></a><a class="isso-reply" href="#">Reply</a></div><div class="isso-follow-up">@@</div></div></div>'
        )

    html = (
        f'{w.head(linked=False)}{w.menu("div", "nav-links")}<main class="content" role="main"><article><h1>{escape(s.title)}</h1><p class="post-info">{wordy_date(s.date)} · {s.author}</p><div class="post-content">'
        f'{w.furnished()}</div></article><section id="isso-thread"><h4 class="isso-thread-heading">{len(s.comments)} Comments</h4><div class="isso-postbox"><form></form></div><div id="isso-root">{w.nested(show)}</div>'
        f"</section></main>{w.maybe(w.others())}{w.footer()}"
    )
    return w.page("Isso on a static site", html)


def live_blog_plugin(w: Writer) -> MadePage:
    s = w.made
    entries, text = "", [b.text for b in s.blocks[:2]]
    for at, (heading, said) in enumerate(w.updates(2, headed=0.4)):
        text += [*([heading] if heading else []), *said]
        entries += (
            f'<article id="id_{w.number()}" class="liveblog-entry"><aside class="liveblog-entry-aside"><a class="liveblog-meta-time" '
            f'href="#"><span>{at + 1} hours ago</span><span>{18 - at}:{w.rng.randint(10, 59)}</span></a></aside><div class="liveblog-entry-'
            f'main"><header class="liveblog-meta-authors"><div class="liveblog-meta-author"><span class="liveblog-meta-author-name">{s.author}'
            f'</span></div></header><div class="liveblog-entry-content">{f"<h2>{escape(heading)}</h2>" if heading else ""}'
            f"{''.join(f'<p>{escape(each)}</p>' for each in said)}</div></div></article>"
        )
    html = (
        f'{w.head()}<header class="site-header">{w.menu()}</header><main><article class="post type-post"><header class="entry-header">'
        f'<h1 class="entry-title">{escape(s.title)}</h1></header><div class="entry-content"><p>{escape(text[0])}</p><p>{escape(text[1])}</p>'
        f'<div id="wpcom-liveblog-container" class="{w.number()}"><div class="liveblog-wrapper"><div class="liveblog-feed">{entries}</div>'
        f'<button class="liveblog-btn">Load more</button></div></div>{w.share()}</div></article></main>{w.others(tag="aside")}{w.footer()}'
    )
    return w.page("Live blog, WordPress plug-in", html, text=text, comments=[])


def disqus(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        above = "" if c.parent is None else (
            f'<span class="parent-link-container"><a class="parent-link" href="#"><i class="icon-forward"></i> '
            f"{escape(s.comments[c.parent].author)}</a></span>"
        )  # fmt: skip
        return (
            f'<li class="post" id="post-{number}"><div data-role="post-content" class="post-content"><ul class="post-menu dropdown"><li>'
            '<a class="dropdown-toggle" href="#"><b class="caret"></b></a></li></ul><div class="indicator"></div><div class="avatar '
            'hovercard"><a href="#" class="user"><img alt="Avatar"></a></div><div class="post-body"><header class="comment__header"><span '
            f'class="post-byline"><span class="author publisher-anchor-color"><a href="#" data-action="profile">{escape(c.author)}</a></span>'
            f'{above}</span><span class="post-meta"><span class="bullet time-ago-bullet">•</span><a class="time-ago" href="#">2 years ago</a>'
            '</span></header><div class="post-body-inner"><div class="post-message-container" data-role="message-container"><div class='
            f'"publisher-anchor-color" data-role="message-content"><div class="post-message " data-role="message" dir="auto"><div>{paragraphs(c)}'
            '</div></div></div><a class="see-more hidden">see more</a></div></div><footer class="comment__footer"><menu><li class="voting">'
            '<a class="vote-up count-3"><span class="updatable count">3</span></a></li><li class="bullet">•</li><li class="reply"><a href='
            '"#"><span class="text">Reply</span></a></li><li class="share"><a><span class="text">Share ›</span></a></li></menu></footer>'
            '</div><div data-role="blacklist-form"></div><div class="reply-form-container"></div></div><ul data-role="children" class='
            '"children">@@</ul></li>'
        )

    framed = (
        '<!DOCTYPE html><html><head></head><body><div id="layout" data-tracking-area="layout"><header id="main-nav"><nav class="nav nav-primary">'
        f'<ul><li class="nav-tab">{len(s.comments)} Comments</li><li>{s.outlet}</li><li>Login</li></ul></nav></header><section id="conversation">'
        f'<div id="form"><form><p>Join the discussion…</p></form></div><div id="posts"><ul id="post-list" class="post-list">{w.nested(show)}</ul>'
        "</div></section><footer>Powered by Disqus</footer></div></body></html>"
    )
    open_posts = framed[framed.index('<div id="posts">') : framed.index("</section>")]
    thread = (
        f'<div id="disqus_thread"><iframe id="dsq-app1" title="Disqus" srcdoc="{escape(framed)}"></iframe></div>'
        if w.chance(0.5)
        else f'<div id="disqus_thread"><section id="conversation">{open_posts}</section></div>'
    )
    tags = w.maybe('<p class="tags">Filed under: <a href="#">harbor</a></p>')
    html = (
        f'{w.head()}<div class="wrapper"><div class="masthead">{w.menu("div", "masthead__menu")}</div><div id="main"><article class="page" '
        f'itemscope itemtype="https://schema.org/CreativeWork"><div class="page__inner-wrap"><header><h1 id="page-title" class="page__title">'
        f'{escape(s.title)}</h1><p class="page__meta">4 minute read</p></header><section class="page__content">{w.furnished()}</section>'
        f'<footer class="page__meta">{tags}<p class="page__date">Updated: <time>{wordy_date(s.date)}</time></p></footer>{w.share()}</div>'
        f'<div class="page__comments"><h4 class="page__comments-title">Leave a comment</h4>{thread}</div></article>'
        f"{w.others('page__related')}</div></div>{w.footer()}"
    )
    return w.page("Disqus on a static site", html)


def facebook_old(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        return (
            f'<li class="UFIRow UFIComment display"><div class="clearfix"><div class="lfloat"><img class="UFIActorImage"></div><div><div class='
            f'"UFICommentContentBlock"><div class="UFICommentContent"><a class="UFICommentActorName" href="#">{escape(c.author)}</a><span> </span>'
            f'<span class="UFICommentBody"><span>{broken(c)}</span></span></div><div class="fsm fwn fcg UFICommentActions"><a href="#">Like</a> · '
            f'<a href="#">Reply</a> · <span>12</span> · <abbr class="livetimestamp">{wordy_date(c.date)} 2:31pm</abbr></div></div></div></div>@@</li>'
        )

    thread = w.nested(show, lambda inner: f'<ul class="UFIReplyList">{inner}</ul>')
    html = (
        f'{w.head()}<div id="wrap">{w.menu("div", "topnav")}<div class="story"><h1>{escape(s.title)}</h1><p class="byline">By {s.author}</p>'
        f'<div class="storytext" itemprop="articleBody">{w.furnished()}</div>{w.share()}</div><div class="fb-comments" data-href="#"><span>'
        f'<div class="fbCommentsPlugin"><div class="_4uyl"><div>{len(s.comments)} Comments</div><div>Sort by Oldest</div></div><ul class="UFIList">'
        f"{thread}</ul><div>Facebook Comments Plugin</div></div></span></div>{w.others()}</div>{w.footer()}"
    )
    return w.page("Facebook comments, older", html)


def phpbb(w: Writer) -> MadePage:
    s = w.made
    first, replies = w.forum()

    def post(c: MadeComment, at: int) -> str:
        number = w.number()
        return (
            f'<div id="p{number}" class="post has-profile bg{1 + at % 2}"><div class="inner"><dl class="postprofile" id="profile{number}"><dt class='
            f'"has-profile-rank no-avatar"><a href="#" class="username">{escape(c.author)}</a></dt><dd class="profile-rank">Site member</dd><dd '
            f'class="profile-posts"><strong>Posts:</strong> <a href="#">{w.rng.randint(2, 900)}</a></dd></dl><div class="postbody"><div id="post_content'
            f'{number}"><h3 {"class=first" if at == 0 else ""}><a href="#p{number}">{"" if at == 0 else "Re: "}{escape(s.title)}</a></h3><p class='
            f'"author"><a class="unread" href="#"><span class="sr-only">Post</span></a><span class="responsive-hide">by <strong><a href="#" class='
            f'"username">{escape(c.author)}</a></strong> » </span><time datetime="{c.date}">{wordy_date(c.date)}, 4:12 pm</time></p><div class="content">'
            f'{broken(c)}</div><div id="sig{number}" class="signature">Sailing since 1988</div></div></div></div></div><hr class="divider">'
        )

    posts = "".join(post(c, at) for at, c in enumerate([first, *replies]))
    html = (
        f'{w.head(linked=False)}<div id="wrap" class="wrap"><div id="page-header">{w.menu("div", "navbar")}</div><div id="page-body" class="page-body" '
        f'role="main"><h2 class="topic-title"><a href="#">{escape(s.title)}</a></h2><div class="action-bar bar-top"><a class="button" href="#">Post Reply'
        f'</a><div class="pagination">{len(replies) + 1} posts • Page <strong>1</strong> of <strong>1</strong></div></div>{posts}<div class="action-bar '
        f'bar-bottom"><p class="jumpbox-return"><a href="#">Return to “Harbor talk”</a></p></div><div class="stat-block online-list"><h3>Who is online'
        f"</h3><p>Users browsing this forum: No registered users and 3 guests</p></div></div></div>{w.footer()}"
    )
    return w.page("phpBB", html, text=list(first.paragraphs), comments=replies)


def xenforo(w: Writer) -> MadePage:
    s = w.made
    first, replies = w.forum()

    def post(c: MadeComment, at: int) -> str:
        number = w.number()
        return (
            f'<article class="message message--post js-post" data-author="{escape(c.author)}" data-content="post-{number}" id="js-post-{number}"><span '
            f'class="u-anchorTarget" id="post-{number}"></span><div class="message-inner"><div class="message-cell message-cell--user"><section class='
            f'"message-user"><div class="message-userDetails"><h4 class="message-name"><a class="username" href="#">{escape(c.author)}</a></h4><h5 class='
            f'"userTitle message-userTitle">Well-known member</h5></div><div class="message-userExtras"><dl class="pairs"><dt>Messages</dt><dd>1,204</dd>'
            f'</dl></div></section></div><div class="message-cell message-cell--main"><div class="message-main js-quickEditTarget"><header class="message-'
            f'attribution"><ul><li class="u-concealed"><time>{wordy_date(c.date)}</time></li></ul><ul><li><a href="#">#{at + 1}</a></li></ul></header><div '
            f'class="message-content"><div class="message-userContent"><article class="message-body js-selectToQuote"><div class="bbWrapper">{broken(c)}'
            '</div></article></div></div><footer class="message-footer"><div class="message-actionBar"><a href="#">Like</a><a href="#">Reply</a></div>'
            "</footer></div></div></div></article>"
        )

    posts = "".join(post(c, at) for at, c in enumerate([first, *replies]))
    html = (
        f'{w.head(linked=False)}<div class="p-pageWrapper"><div class="p-navSticky">{w.menu("nav", "p-nav")}</div><div class="p-body"><div class="p-body-'
        f'inner"><div class="p-body-header"><div class="p-title"><h1 class="p-title-value">{escape(s.title)}</h1></div><div class="p-description"><ul class='
        f'"listInline"><li>Thread starter {escape(first.author)}</li><li>Start date {wordy_date(s.date)}</li></ul></div></div><div class="p-body-main"><div '
        f'class="p-body-content"><div class="block block--messages"><div class="block-container lbContainer"><div class="block-body js-replyNewMessage'
        f'Container">{posts}</div></div></div><div class="block"><h3>Similar threads</h3><ul><li>{escape(s.others[0][0])}</li></ul></div></div></div></div>'
        f"</div></div>{w.footer()}"
    )
    return w.page("XenForo", html, text=list(first.paragraphs), comments=replies)


def blogger(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        return (
            f'<li class="comment" id="c{number}"><div class="avatar-image-container"><img></div><div class="comment-block"><div class="comment-header">'
            f'<cite class="user"><a href="#" rel="nofollow">{escape(c.author)}</a></cite><span class="icon user"></span><span class="datetime secondary-'
            f'text"><a rel="nofollow" href="#">{wordy_date(c.date)} at 7:22 AM</a></span></div><p class="comment-content">{broken(c)}</p><span class='
            '"comment-actions secondary-text"><a class="comment-reply" target="_self">Reply</a><span class="item-control"><a href="#">Delete</a></span>'
            '</span></div><div class="comment-replies">@@</div><div class="comment-replybox-single"></div></li>'
        )

    def replies(inner: str) -> str:
        return (
            '<div class="comment-thread inline-thread"><span class="thread-toggle"><a href="#">Replies</a></span><ol class="thread-chrome '
            f'thread-expanded"><div>{inner}</div><div class="thread-replies"><a class="comment-reply">Reply</a></div></ol></div>'
        )

    body = "<br><br>".join(escape(b.text) for b in s.blocks) if w.chance(0.5) else w.furnished()
    html = (
        f'{w.head(linked=False)}<div class="navbar section">{w.menu("div", "tabs-outer")}</div><div class="content-outer"><div class="main-outer"><div '
        f'class="main section" id="main"><div class="widget Blog"><div class="blog-posts hfeed"><div class="date-outer"><h2 class="date-header"><span>'
        f'{wordy_date(s.date)}</span></h2><div class="date-posts"><div class="post-outer"><div class="post hentry" itemscope itemtype="http://schema.org/'
        f'BlogPosting"><h3 class="post-title entry-title" itemprop="name">{escape(s.title)}</h3><div class="post-body entry-content" itemprop="description '
        f'articleBody">{body}<div style="clear: both;"></div></div><div class="post-footer"><div class="post-footer-line"><span class="post-author vcard">'
        f'Posted by <span class="fn">{s.author}</span></span> at <a class="timestamp-link" href="#"><abbr class="published">7:00 AM</abbr></a></div><div '
        f'class="post-share-buttons"><a href="#">Email This</a><a href="#">BlogThis!</a></div></div></div><div class="comments" id="comments"><h4>'
        f'{len(s.comments)} comments:</h4><div class="comments-content"><div id="comment-holder"><div class="comment-thread toplevel-thread"><ol id="top-ra">'
        f'{w.nested(show, replies)}</ol></div></div></div><p class="comment-footer"><a href="#">Add comment</a></p></div></div></div></div></div></div></div>'
        f'<div class="sidebar section"><div class="widget BlogArchive"><h2>Blog Archive</h2><ul><li>2024 (14)</li></ul></div>{w.others("widget PopularPosts")}'
        f"</div></div></div>{w.footer()}"
    )
    return w.page("Blogger", html)


def medium_like(w: Writer) -> MadePage:
    s = w.made
    replies = [c for c in s.comments if c.parent is None]

    def code() -> str:
        return " ".join(
            w.rng.choice("abcdefghijklm") + w.rng.choice("nopqrstuvwxyz") for _ in range(w.rng.randint(2, 5))
        )

    def response(c: MadeComment) -> str:
        return (
            f'<div class="{code()}"><div class="{code()}"><div class="{code()}"><a rel="noopener follow" href="/@x"><p class="be b {code()}">'
            f'{escape(c.author)}</p></a><p class="be b {code()}">{wordy_date(c.date)}</p></div></div><div class="{code()}"><pre class="{code()}"><div '
            f'class="{code()}">{paragraphs(c, "span")}</div></pre></div><div class="{code()}"><button>12</button><p class="be b">Reply</p></div></div>'
        )

    body = w.body(lambda at: "", "pw-post-body-paragraph " + code())
    thread = "".join(response(c) for c in replies)
    html = (
        f'{w.head(linked=True)}<div id="root"><div class="{code()}"><nav class="{code()}"><a href="#">Open in app</a><a href="#">Sign up</a><a href="#">'
        f'Sign in</a></nav><article><div class="{code()}"><h1 class="pw-post-title {code()}">{escape(s.title)}</h1><div class="{code()}"><a rel="author">'
        f'{s.author}</a><span>Follow</span><span class="pw-reading-time">5 min read</span><span class="pw-published-date">{wordy_date(s.date)}</span></div>'
        f'<div class="{code()}"><p>--</p><p>{len(replies)}</p><p>Listen</p><p>Share</p></div><section>{body}</section></div></article><footer class='
        f'"{code()}"><p>Written by {s.author}</p><p>212 Followers</p></footer><div class="{code()}" role="dialog" aria-label="Responses"><h2>Responses '
        f'({len(replies)})</h2>{thread}</div><div class="{code()}"><h2>Recommended from Medium</h2>{w.others()}</div></div></div>{w.footer()}'
    )
    return w.page("Medium-like", html, comments=replies)


def substack(w: Writer) -> MadePage:
    s = w.made

    def show(c: MadeComment, index: int, depth: int) -> str:
        number = w.number()
        return (
            f'<div class="comment"><div id="comment-{number}" class="comment-anchor"></div><div role="article" aria-label="Comment by '
            f'{escape(c.author)}" class="pencraft pc-display-flex pc-gap-12 comment-content"><div class="pencraft user-head"><a href="#" class="'
            f'pencraft"><img></a></div><div class="pencraft pc-display-flex pc-flexDirection-column"><div class="pencraft comment-meta"><span><a '
            f'href="#" class="commenter-name">{escape(c.author)}</a></span><a class="comment-timestamp" href="#" title="x">{wordy_date(c.date)}</a></div>'
            f'<div class="comment-body">{paragraphs(c, "p", "dir=auto")}</div><div class="comment-actions"><a>Like (3)</a><a>Reply</a><a>Share</a></div>'
            "</div></div>@@</div>"
        )

    thread = w.nested(
        show, lambda inner: f'<div class="comment-list"><div class="comment-list-items">{inner}</div></div>'
    )
    html = (
        f'{w.head()}<div id="entry"><div id="main" class="main typography"><div class="main-menu"><div class="topbar">{w.menu("div", "menu")}</div></div>'
        f'<div class="single-post-container"><div class="container"><div class="single-post"><article class="typography newsletter-post post"><div class='
        f'"post-header"><h1 class="post-title published">{escape(s.title)}</h1><h3 class="subtitle">{escape(s.standfirst)}</h3><div class="byline-wrapper">'
        f'<a href="#">{s.author}</a><div>{wordy_date(s.date)}</div></div><div class="post-ufi"><a>12</a><a>{len(s.comments)}</a><a>Share</a></div></div>'
        f'<div class="available-content"><div class="body markup" dir="auto">{w.body(lambda at: w.newsletter() if at == 2 else "")}</div></div><div class='
        f'"post-footer"><a>Share</a></div></article></div></div></div><div class="container comments-page"><div class="comments-heading"><h4>Discussion about '
        f'this post</h4></div><div class="comment-list top-level-list"><div class="comment-list-items">{thread}</div></div></div></div>'
        f'<div class="footer-wrap"><p>Ready for more?</p><button>Subscribe</button></div></div>{w.footer()}'
    )
    return w.page("Substack", html)


HELD_OUT: tuple[Template, ...] = (
    wordpress_classic,
    wpdiscuz,
    drupal_seven,
    isso,
    live_blog_plugin,
    disqus,
    facebook_old,
    phpbb,
    xenforo,
    blogger,
    medium_like,
    substack,
)
