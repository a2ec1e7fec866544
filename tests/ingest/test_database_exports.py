"""Exports of news databases and pages of several articles: as many articles come out as went in, without field labels."""

from __future__ import annotations

import contextlib
import time
import zipfile
from pathlib import Path

import pytest

from slant.errors import Rejected
from slant.ingest.database_exports import split_text_export
from slant.ingest.decoding import Limits
from slant.ingest.inputs import read_articles
from slant.records import Article
from slant.segment.units import split

LEXIS = """



Download Request: Selected Items: 1-3
Time Of Request: Friday, May 20, 2022  16:51:31

Send To:
UNIVERSITY OF MILLTON LIBRARY

Terms: (ferry AND harbour)


Source: The Port Gazette
Project ID: None



                               1 of 3 DOCUMENTS


                                The Port Gazette

                              May 4, 2022 Wednesday
                                 Edition 1;
                                    National

Ferry to stop sailing in winter, and the
island is furious

BYLINE: Ada Lind, Transport Correspondent

SECTION: NEWS; Pg. 3

LENGTH: 1,285 words

DATELINE: MILLTON


The ferry to the island will stop sailing from November to March, the harbour
board said on Tuesday.

Subject: to a vote of the council, the boats return in April, the board said in
its letter.

Islanders called the plan "a disgrace".

LOAD-DATE: May 5, 2022

LANGUAGE: ENGLISH

GRAPHIC: PHOTO: The ferry at the pier

MAP: The island

PUBLICATION-TYPE: Newspaper


                     Copyright 2022 Port Gazette Media Ltd.
                              All Rights Reserved

                               2 of 3 DOCUMENTS


                               Harbour Mail (North)

                               May 5, 2022 Thursday

Nobody needs a boat in January

BYLINE: Bo Berg

LENGTH: 90 words

HIGHLIGHT: The islanders should buy a calendar.


Let us be honest about the winter boats: they sail empty.

LOAD-DATE: May 5, 2022


                         Copyright 2022 Harbour Mail
                              All Rights Reserved

                               3 of 3 DOCUMENTS


                                The Port Gazette

                               May 6, 2022 Friday

Board delays vote

SECTION: NEWS; Pg. 1

LENGTH: 40 words


The vote on the ferry was put off for a week.

LOAD-DATE: May 6, 2022
"""
LEXIS_GERMAN = """
                              Dokument 1 von 2


                                 Hafenbote Online

                     27. Februar 2012 Montag 9:50 PM GMT+1

Die Fähre fährt nicht mehr

AUTOR: Lind, Ada

RUBRIK: VERKEHR; S. 4 Ausg. 9

LÄNGE: 85 Wörter

HIGHLIGHT: Der Hafenrat streicht die Winterboote.


Die Fähre zur Insel fährt im Winter nicht mehr, sagte der Hafenrat am Montag.

Die Insulaner sind wütend.

UPDATE: 28. Februar 2012

SPRACHE: GERMAN; DEUTSCH

PUBLICATION-TYPE: Web-Publikation

ZEITUNGS-CODE: hafo


                        Copyright 2012 Hafenbote GmbH
                           Alle Rechte vorbehalten

                              Dokument 2 von 2


                                   Hafenbote

                               3. März 2012

Streit um die Boote

LÄNGE: 20 Wörter


Im Rat wurde es laut.

GRAFIK: Der Rat tagt

SPRACHE: GERMAN; DEUTSCH
"""
LEXIS_FRENCH = """
                              Document 1 de 2


                             Le Courrier du Port

                              14 mars 2023 mardi

Le bac s'arrête

AUTEUR: Ada Lind

RUBRIQUE: TRANSPORTS; Pg. 4

LONGUEUR: 30 mots


Le bac ne circulera plus en hiver, a dit le conseil.

DATE-CHARGEMENT: 15 mars 2023

LANGUE: FRENCH; FRANÇAIS


                       Copyright 2023 Le Courrier du Port
                             Tous droits réservés

                              Document 2 de 2


                             Le Courrier du Port

                              15 août 2023 mardi

La colère des îliens

LONGUEUR: 12 mots


Les îliens sont furieux.

LANGUE: FRENCH; FRANÇAIS
"""
LEXIS_OLD = """                               1 of 2 DOCUMENTS

                Copyright 1996 The Port Gazette Company
                            The Port Gazette

               June 1, 1996, Saturday, Late Edition - Final

SECTION: Section 1; Page 5; Column 1; Local Desk

LENGTH: 60 words

HEADLINE: Ferry Line Wins Vote

BYLINE:  By ADA LIND

DATELINE: MILLTON, May 31

BODY:
   The ferry line won its vote tonight.

   The island cheered until the morning came.

LOAD-DATE: June 1, 1996

                               2 of 2 DOCUMENTS

                Copyright 1996 The Port Gazette Company
                            The Port Gazette

               June 2, 1996, Sunday, Late Edition - Final

SECTION: Section 1; Page 7

LENGTH: 20 words

HEADLINE: A Boat Is Named

BODY:
   The new boat has a name.

LOAD-DATE: June 2, 1996
"""
NEXIS_UNI = """User Name: Reader
Date and Time: Monday, May 9, 2022 10:00:00 AM CEST
Job Number: 1234567

Documents (2)

1. Ferry to stop sailing in winter

Client/Matter: -None-

Search Terms: ferry

Search Type: Terms and Connectors

2. Nobody needs a boat in January

Client/Matter: -None-

Search Terms: ferry

Ferry to stop sailing in winter

The Port Gazette

May 4, 2022 Wednesday

Edition 1, National Edition

Copyright 2022 Port Gazette Media Ltd. All Rights Reserved

Section:\xa0NEWS; Pg. 3

Length:\xa0285 words

Byline:\xa0Ada Lind

Highlight: Islanders are furious.

Body

The ferry to the island will stop sailing from November to March.

The council says: no boats before April.

Graphic



The ferry at the pier

Classification

Language: ENGLISH

Subject: FERRIES (90%); ISLANDS (80%)

Load-Date:\xa0May 5, 2022

End of Document

Nobody needs a boat in January

Harbour Mail

May 5, 2022 Thursday

Copyright 2022 Harbour Mail All Rights Reserved

Length:\xa090 words

Body

Let us be honest about the winter boats: they sail empty.

Load-Date:\xa0May 5, 2022

End of Document
"""
LONG = "The ferry to the island will stop sailing from November to March, the harbour board said on Tuesday after a vote."
NEXIS_TIGHT = f"""Ferry to stop sailing in winter
The Port Gazette
May 4, 2022 Wednesday
Copyright 2022 Port Gazette Media Ltd. All Rights Reserved
Section: NEWS; Pg. 3
Length: 285 words
Byline: Ada Lind
Body
{LONG} It was close.
Islanders called the plan a disgrace.
Load-Date: May 5, 2022
End of Document
Nobody needs a boat in January
Harbour Mail
May 5, 2022 Thursday
Copyright 2022 Harbour Mail All Rights Reserved
Length: 90 words
Body
Let us be honest about the winter boats: they sail empty.
Load-Date: May 5, 2022
End of Document
"""
FACTIVA_CODES = """SE
NEWS
HD
Ferry to stop sailing in winter
BY
By Ada Lind
WC
285 words
PD
4 May 2022
SN
The Port Gazette
SC
PORTG
LA
English
CY
(c) 2022 Port Gazette Media

LP
The ferry to the island will stop sailing from November to March.

TD
PD officers were called to the meeting.

Islanders called the plan a disgrace.

NS
gtrans : Transport
RE
uk : United Kingdom
AN
Document PORTG00020220504ei5400002

HD  Nobody needs a boat in January
BY  Bo Berg
WC  90 words
PD  5 May 2022
ET  04:10
SN  Harbour Mail
LA  English
CY  (c) 2022 Harbour Mail
LP  Let us be honest about the winter boats: they sail empty.
AN  Document HARBM00020220505ei5500001
"""
FACTIVA_PLAIN = f"""News
Ferry to stop sailing in winter
By Ada Lind
285 words
4 May 2022
14:05
The Port Gazette
PORTG
1; National
16,17
English
(c) 2022 Port Gazette Media Ltd

{LONG}

Islanders called the plan a disgrace.

Port Gazette Media Limited

Document PORTG00020220504ei5400002


Nobody needs a boat in January
90 words
5 May 2022
Harbour Mail
HARBM
English
(c) 2022 Harbour Mail

Let us be honest about the winter boats: they sail empty.

Document HARBM00020220505ei5500001


Search Summary
Text
ferry and harbour and not (tunnel or bridge or train or bus or car or plane or bicycle)
Date
All Dates
Source
All Sources
Results Found
2
Timestamp
9 May 2022 10:00
"""
FACTIVA_GERMAN = """VERKEHR
Die Fähre fährt nicht mehr
Von Ada Lind
664 Wörter
9 Mai 1998
Hafenbote
HAFO
18
Deutsch
(c) 1998 Hafenbote

Die Fähre zur Insel fährt im Winter nicht mehr.

Dokument hafo000020010926du4i003v3

Streit um die Boote
20 Wörter
10 Mai 1998
Hafenbote
HAFO
Deutsch
(c) 1998 Hafenbote

Im Rat wurde es laut.

Dokument hafo000020010927du4i003v4
"""
PROQUEST = """____________________________________________________________

Document 1 of 2

Ferry to stop sailing in winter: [City Edition]

Author: Lind, Ada

Publication info: The Port Gazette ; Millton [Millton]. 04 May 2022: A.4.

http://search.proquest.example/docview/1?accountid=1

Abstract: The ferry will stop.

Links: http://link.example/1

Full text: The ferry to the island will stop sailing from November to March.

People: they are few, the board says, and it does not count them.

Islanders called the plan a disgrace.

Subject: Ferries; Islands;

Title: Ferry to stop sailing in winter: [City Edition]

Publication title: The Port Gazette; Millton

Pages: A.4

Publication date: May 4, 2022

Section: News

Peer reviewed: No

ISSN: 01901234

ProQuest document ID: 41001

Document URL: http://search.proquest.example/docview/1?accountid=1

Copyright: (Copyright Port Gazette Media 2022)

Last updated: 2022-05-20

Database: ProQuest Central

____________________________________________________________

Document 2 of 2

Nobody needs a boat in January

Author: Berg, Bo

Publication info: Harbour Mail ; Millton [Millton]. 05 May 2022: B.1.

Full text: Let us be honest about the winter boats: they sail empty.

Title: Nobody needs a boat in January

Publication title: Harbour Mail

Publication date: May 5, 2022

ProQuest document ID: 41002

Database: ProQuest Central

____________________________________________________________

Contact us at: http://www.proquest.example/go/contact

Database copyright © 2022 ProQuest LLC. All rights reserved. Terms and Conditions apply to each of these documents.
"""
PROQUEST_RULES = """____________________________________________________________

Report Information from ProQuest

May 9 2022 10:00
____________________________________________________________

Ferry to stop sailing in winter

Author: Lind, Ada

Publication info: The Port Gazette; Millton.  04 May 2022.

ProQuest document link

Abstract: None available.

Full text: The ferry to the island will stop sailing from November to March.

____________________________________________________________

The timetable above this line was drawn by hand, and it was the last one that the board made before the storm came in.

Title: Ferry to stop sailing in winter

Publication title: The Port Gazette

Publication date: May 4, 2022

Document URL: http://search.proquest.example/docview/1

ProQuest document ID: 41001

Database: ProQuest Central

____________________________________________________________

A boat in January

Publication info: Harbour Mail; Millton.  05 May 2022.

Abstract:

{ABSTRACT}

Title: A boat in January

Publication title: Harbour Mail

Publication date: May 5, 2022

ProQuest document ID: 41002

____________________________________________________________

Contact us at: http://www.proquest.example/go/contact Terms and Conditions
"""
PROQUEST_RULES = PROQUEST_RULES.replace("{ABSTRACT}", LONG * 5)
EUROPRESSE = f"""Le Courrier du Port, no. 24321
Transports, mardi 14 mars 2023, p. 12

Le bac s'arrête

Ada Lind

{LONG} {LONG}

Les îliens sont furieux.

© 2023 Le Courrier du Port. Tous droits réservés.
Numéro de document : news·20230314·CP·1234

La Dépêche des Îles (site web)
jeudi 17 août 2023 - 10:05 UTC

La colère des îliens

Ils ne veulent pas de tunnel.

© 2023 La Dépêche des Îles. Tous droits réservés.
news·20230817·DIW·0a1b2c

Ce document est destiné à l'usage exclusif de l'utilisateur désigné par la bibliothèque et ne peut faire l'objet d'aucune
autre utilisation ou diffusion auprès de tiers. Service fourni par CEDROM-SNi Inc.
"""

EUROPRESSE_PDF = f"""Nom de la source
Le Courrier du Port
Type de source
Presse • Journaux
Mardi 14 mars 2023
Le Courrier du Port • no. 24321 • p. 12 • 812 mots

Le bac s'arrête

Ada Lind

{LONG} {LONG}

Les îliens sont furieux.

© 2023 Le Courrier du Port. Tous droits réservés. Le présent document est protégé par les lois et
conventions internationales sur le droit d'auteur.
Certificat émis le 19 décembre 2023 à Université à des fins de visualisation personnelle et temporaire.
news·20230314·CP·1234

Jeudi 17 août 2023
La Dépêche • p. 2 • 90 mots

La colère des îliens

Ils ne veulent pas de tunnel.

© 2023 La Dépêche. Tous droits réservés.
news·20230817·DI·0a1b2c
"""

LEXIS_PAGE = """<HTML><HEAD><STYLE TYPE="text/css"><!-- .c0 { text-align: center; } --></STYLE>
<TITLE>&nbsp;</TITLE><META TOPIC="null" DOCUMENTS="3" UPDATED="Saturday, October 21, 2017" /></HEAD><BODY>
<DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c12">Download Request: Selected Items: 1-3<BR>Time Of Request: Saturday<BR>
Send To:<BR><BR>MILLTON LIBRARY</SPAN></P></DIV><A NAME="DOC_ID_1_0"></A><!-- <DOC NUMBER=1> -->
<BR><DIV CLASS="c0"><P CLASS="c1"><SPAN CLASS="c2">1 of 3 DOCUMENTS</SPAN></P></DIV>
<BR><DIV CLASS="c0"><BR><P CLASS="c1"><IMG SRC="logo.gif"><BR><SPAN CLASS="c2">Hafenbote Online</SPAN></P></DIV>
<BR><DIV CLASS="c3"><P CLASS="c1"><SPAN CLASS="c4">27.</SPAN>
<SPAN CLASS="c2"> Februar 2012 Montag 9:50 PM GMT+1</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c7">Die F&auml;hre f&auml;hrt nicht mehr</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c8">AUTOR: </SPAN><SPAN CLASS="c2">Ada Lind</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c8">RUBRIK: </SPAN><SPAN CLASS="c2">VERKEHR; S. 114</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c8">L&Auml;NGE: </SPAN><SPAN CLASS="c2">85 W&ouml;rter</SPAN></P></DIV>
<BR><DIV CLASS="c5"><BR><P CLASS="c6"><SPAN CLASS="c8">HIGHLIGHT:</SPAN>
<SPAN CLASS="c2">&nbsp;Der Hafenrat streicht.<BR></SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c9"><SPAN CLASS="c2">Die F&auml;hre zur </SPAN>
<SPAN CLASS="c4">Insel</SPAN><SPAN CLASS="c2"> f&auml;hrt nicht.</SPAN></P>
<P CLASS="c9"><SPAN CLASS="c2">Die Insulaner sind w&uuml;tend.</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c8">UPDATE: </SPAN><SPAN CLASS="c2">28. Februar 2012</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c8">SPRACHE: </SPAN><SPAN CLASS="c2">GERMAN; DEUTSCH</SPAN></P></DIV>
<BR><DIV CLASS="c0"><BR><P CLASS="c1"><SPAN CLASS="c2">Copyright 2012 Hafenbote GmbH<BR>
Alle Rechte vorbehalten</SPAN></P></DIV>
<A NAME="DOC_ID_2_0"></A><BR><DIV CLASS="c0"><P CLASS="c1"><SPAN CLASS="c2">2 of 3 DOCUMENTS</SPAN></P></DIV>
<BR><DIV CLASS="c0"><P CLASS="c1"><SPAN CLASS="c2">Hafenbote</SPAN></P></DIV>
<BR><DIV CLASS="c3"><P CLASS="c1"><SPAN CLASS="c2">3. M&auml;rz 2012</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c7">Streit um die Boote</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c8">L&Auml;NGE: </SPAN><SPAN CLASS="c2">20 W&ouml;rter</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c9"><SPAN CLASS="c2">Im Rat wurde es laut.</SPAN></P></DIV>
<BR><DIV CLASS="c5"><P CLASS="c6"><SPAN CLASS="c8">SPRACHE: </SPAN><SPAN CLASS="c2">GERMAN; DEUTSCH</SPAN></P></DIV>
</BODY></HTML>"""
FACTIVA_PAGE = """<html><head><title>Factiva</title><style>body{margin:0}</style></head><body><div id="contentWrapper">
<div id="article-PORTG00020220504ei5400002" class="article"><div class="article enArticle"><p>
</p><div>News</div>
<div id="hd"><span class="enHeadline">Ferry to stop <b>sailing</b> in winter</span>
</div><div class="author">Ada Lind </div><div>285 words</div><div>4 May 2022</div>
<div>14:05</div><div>The Port Gazette</div><div>PORTG</div>
<div>1; National</div><div>16,17</div><div>English</div><div>(c) 2022 Port Gazette Media Ltd </div>
<p></p>
<p class="articleParagraph enarticleParagraph">The ferry to the <span class="companylink">island</span> will stop
sailing from November to March.</p>
<p class="articleParagraph enarticleParagraph">Islanders called the plan a disgrace.</p>
<p>Port Gazette Media Limited</p><p>Document PORTG00020220504ei5400002</p></div></div><br><span></span>
<div id="article-HARBM1" class="article"><p>This article is not available for display.</p></div><br><span></span>
<div id="article-hafo000020010926du4i003v3" class="lastarticle"><div id="lastArticle" class="article deArticle"><p>
</p><div id="hd"><span class="deHeadline counted">100) Die Fähre fährt nicht mehr</span></div>
<div>2.029 Wörter</div><div>9 Mai 1998</div>
<div>Hafenbote</div><div>HAFO</div><div>Deutsch</div><div>(c) 1998 Hafenbote</div>
<p class="articleParagraph dearticleParagraph">Die Fähre zur Insel fährt nicht.</p>
<p>Geht das zusammen? Auch um diese Frage soll es am Montag gehen. </p>
<p>Verlag der Hafenbote GmbH</p><p>Dokument hafo000020010926du4i003v3</p></div></div>
<table><tr><td><b>Search Summary</b></td><td>ferry</td></tr></table></div></body></html>"""


def _row(code: str, value: str) -> str:
    return f'<tr><td valign="top" class="index"><b>{code}</b>&nbsp;</td><td>{value}</td></tr>'


FACTIVA_TABLE = "<html><head><title>Factiva</title></head><body>" + "".join(
    f'<div id="article-{key}" class="article"><div class="article enArticle"><table>'
    + "".join(_row(code, value) for code, value in rows)
    + "</table></div></div><br/>"
    for key, rows in {
        "PORTG1": [
            ("SE", "News"), ("HD", "<span class='enHeadline'>Ferry to stop sailing in winter</span>"),
            ("BY", "By Ada Lind"), ("WC", "285 words"), ("PD", "4 May 2022"), ("SN", "The Port Gazette"),
            ("LA", "English"), ("CY", "(c) 2022 Port Gazette"),
            ("LP", '<p class="articleParagraph enarticleParagraph">The ferry to the island will stop.</p>'),
            ("TD", '<p class="articleParagraph enarticleParagraph">Islanders are angry.</p>'
                   '<p class="articleParagraph enarticleParagraph">So is the board.</p>'),
            ("NS", "gtrans : Transport"), ("AN", "Document PORTG00020220504ei5400002"),
        ],
        "HARBM1": [
            ("HD", "<span class='enHeadline'>Nobody needs a boat</span>"), ("WC", "90 words"), ("PD", "5 May 2022"),
            ("SN", "Harbour Mail"), ("LP", '<p class="articleParagraph enarticleParagraph">They sail empty.</p>'),
            ("AN", "Document HARBM00020220505ei5500001"),
        ],
    }.items()
) + "</body></html>"  # fmt: skip
PROQUEST_PAGE = "<html><body>" + "".join(
    f"""<div style="margin-bottom:20px;border-bottom:2px solid #ccc;padding-bottom:5px">
<a name="DocID_MSTAR_{n}"></a><p style="margin:0"></p><p style="font-weight:bold;">{title}</p>
<p><strong>Author:  </strong>{author}</p>
<p><strong>Publication info:  </strong>{outlet} ; Millton [Millton]0{n} May 2022: AA.2.</p>
<p><a href="https://search.proquest.example/docview/{n}">ProQuest document link</a></p>
<p><strong>Abstract:  </strong></p>
<p>{LONG * 5}</p><p></p><div style="clear:both"></div>
<div><strong>Links: </strong><a target="_blank" href="http://link.example/{n}">UC-eLinks</a></div>
<p><strong>Full text: </strong><text wordcount="239" htmlcontent="true"><meta name="ValidationSchema" content="x">
<title></title><p>{first}</p>              <p>{second}</p>                      </text></p>
<p><strong>Subject: </strong>Ferries</p>
<p><strong>Company / organization: </strong>Name: Harbour Board; NAICS: 524128</p>
<p><strong>Publication title: </strong>{outlet}; Millton</p>
<p><strong>Publication date: </strong>May {n}, 2022</p>
<p><strong>Section: </strong>LATExtra; Part AA; Business Desk</p>
<p><strong>ProQuest document ID: </strong>25143997{n}</p>
<p><strong>Document URL: </strong><a href="https://x.example/{n}">https://x.example/{n}</a></p>
<p><strong>Copyright: </strong>(Copyright (c) 2022 {outlet})</p>
<p><strong>Database: </strong>U.S. Dailies</p></div>"""
    for n, title, author, outlet, first, second in (
        (4, "Ferry to stop", "Lind, Ada", "The Port Gazette", "The ferry will stop.", "Islanders are angry."),
        (5, "Nobody needs a boat", "Berg, Bo", "Harbour Mail", "They sail empty.", "--"),
    )
) + "</body></html>"  # fmt: skip
EUROPRESSE_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>Europresse</title></head><body>
<article><header><div class="rdp__DocPublicationName"><span class="DocPublicationName"><img alt=""/>
Le Courrier du Port, no. 24321
</span></div><span class="DocHeader">Transports, mardi 14 mars 2023 812 mots, p. 12</span>
<div class="titreArticle"><p class="sm-margin-TopNews titreArticleVisu rdp__articletitle">Le <mark>bac</mark> s'arrête</p>
<p class="sm-margin-TopNews rdp__subtitle">Le conseil a voté</p></div><p class="sm-margin-bottomNews">Ada Lind</p></header>
<section><div class="DocText clearfix"><div class="docOcurrContainer"><p>Le <mark>bac</mark> ne circulera plus.</p>
<p>Les îliens sont furieux.</p></div></div></section><aside>Cet article est paru dans Le Courrier</aside>
<footer><div class="publiC-lblNodoc">news·20230314·CP·1234</div>
<small>© 2023 Le Courrier. Tous droits réservés.</small></footer>
</article><article><header><div class="rdp__DocPublicationName"><span class="DocPublicationName">Hafenbote</span></div>
<span class="DocHeader">Donnerstag, 17. August 2023 - 90 Wörter</span>
<div class="titreArticle"><p class="titreArticleVisu rdp__articletitle">Streit um die Boote</p></div></header>
<section><div class="DocText clearfix"><p>Im Rat wurde es laut.</p></div></section>
<footer><small>© 2023 Hafenbote.</small></footer></article></body></html>"""

FERRY = "Ferry to stop sailing in winter"
BOAT = "Nobody needs a boat in January"
STOPS = "The ferry to the island will stop sailing from November to March."
DISGRACE = "Islanders called the plan a disgrace."
EMPTY = "Let us be honest about the winter boats: they sail empty."
GAZETTE = (FERRY, "The Port Gazette", "Ada Lind", "2022-05-04")
MAIL = (BOAT, "Harbour Mail", "Bo Berg", "2022-05-05")
NO_BYLINE = (BOAT, "Harbour Mail", None, "2022-05-05")

# File name: its text, and per document (title, outlet, author, date), sections, units after the title; or the reason why not.
Expected = tuple[tuple[str | None, ...], tuple[str, ...], list[str]] | str
EXPORTS: dict[str, tuple[str, list[Expected]]] = {
    "lexis.txt": (LEXIS, [
        (("Ferry to stop sailing in winter, and the island is furious", "The Port Gazette", "Ada Lind", "2022-05-04"),
         ("NEWS",),
         ["The ferry to the island will stop sailing from November to March, the harbour board said on Tuesday.",
          "Subject: to a vote of the council, the boats return in April, the board said in its letter.",
          'Islanders called the plan "a disgrace".']),
        ((BOAT, "Harbour Mail (North)", "Bo Berg", "2022-05-05"), (),
         ["The islanders should buy a calendar.", EMPTY]),
        (("Board delays vote", "The Port Gazette", None, "2022-05-06"), ("NEWS",),
         ["The vote on the ferry was put off for a week."]),
    ]),
    "lexis_german.txt": (LEXIS_GERMAN, [
        (("Die Fähre fährt nicht mehr", "Hafenbote Online", "Lind, Ada", "2012-02-27"), ("VERKEHR",),
         ["Der Hafenrat streicht die Winterboote.",
          "Die Fähre zur Insel fährt im Winter nicht mehr, sagte der Hafenrat am Montag.", "Die Insulaner sind wütend."]),
        (("Streit um die Boote", "Hafenbote", None, "2012-03-03"), (), ["Im Rat wurde es laut."]),
    ]),
    "lexis_french.txt": (LEXIS_FRENCH, [
        (("Le bac s'arrête", "Le Courrier du Port", "Ada Lind", "2023-03-14"), ("TRANSPORTS",),
         ["Le bac ne circulera plus en hiver, a dit le conseil."]),
        (("La colère des îliens", "Le Courrier du Port", None, "2023-08-15"), (), ["Les îliens sont furieux."]),
    ]),
    "lexis_old.txt": (LEXIS_OLD, [
        (("Ferry Line Wins Vote", "The Port Gazette", "ADA LIND", "1996-06-01"), ("Section 1", "Column 1", "Local Desk"),
         ["The ferry line won its vote tonight.", "The island cheered until the morning came."]),
        (("A Boat Is Named", "The Port Gazette", None, "1996-06-02"), ("Section 1",), ["The new boat has a name."]),
    ]),
    "nexis_uni.txt": (NEXIS_UNI, [
        (GAZETTE, ("NEWS",), ["Islanders are furious.", STOPS, "The council says: no boats before April."]),
        (NO_BYLINE, (), [EMPTY]),
    ]),
    "nexis_tight.txt": (NEXIS_TIGHT, [
        (GAZETTE, ("NEWS",), [f"{LONG} It was close.", DISGRACE]),
        (NO_BYLINE, (), [EMPTY]),
    ]),
    "factiva_codes.txt": (FACTIVA_CODES, [
        (GAZETTE, ("NEWS",), [STOPS, "PD officers were called to the meeting.", DISGRACE]),
        (MAIL, (), [EMPTY]),
    ]),
    "factiva_plain.txt": (FACTIVA_PLAIN, [(GAZETTE, ("News",), [LONG, DISGRACE]), (NO_BYLINE, (), [EMPTY])]),
    "factiva_german.txt": (FACTIVA_GERMAN, [
        (("Die Fähre fährt nicht mehr", "Hafenbote", "Ada Lind", "1998-05-09"), ("VERKEHR",),
         ["Die Fähre zur Insel fährt im Winter nicht mehr."]),
        (("Streit um die Boote", "Hafenbote", None, "1998-05-10"), (), ["Im Rat wurde es laut."]),
    ]),
    "proquest.txt": (PROQUEST, [
        ((FERRY, "The Port Gazette", "Lind, Ada", "2022-05-04"), ("News",),
         [STOPS, "People: they are few, the board says, and it does not count them.", DISGRACE]),
        ((BOAT, "Harbour Mail", "Berg, Bo", "2022-05-05"), (), [EMPTY]),
    ]),
    "proquest_rules.txt": (PROQUEST_RULES, [
        ((FERRY, "The Port Gazette", "Lind, Ada", "2022-05-04"), (),
         [STOPS, "The timetable above this line was drawn by hand, and it was the last one that the board made before the "
          "storm came in."]),
        "no_text",
    ]),
    "europresse_pdf.txt": (EUROPRESSE_PDF, [
        (("Le bac s'arrête", "Le Courrier du Port", "Ada Lind", "2023-03-14"), (),
         [f"{LONG} {LONG}", "Les îliens sont furieux."]),
        (("La colère des îliens", "La Dépêche", None, "2023-08-17"), (), ["Ils ne veulent pas de tunnel."]),
    ]),
    "europresse.txt": (EUROPRESSE, [
        (("Le bac s'arrête", "Le Courrier du Port", "Ada Lind", "2023-03-14"), ("Transports",),
         [f"{LONG} {LONG}", "Les îliens sont furieux."]),
        (("La colère des îliens", "La Dépêche des Îles (site web)", None, "2023-08-17"), (),
         ["Ils ne veulent pas de tunnel."]),
    ]),
    "lexis.html": (LEXIS_PAGE, [
        (("Die Fähre fährt nicht mehr", "Hafenbote Online", "Ada Lind", "2012-02-27"), ("VERKEHR",),
         ["Der Hafenrat streicht.", "Die Fähre zur Insel fährt nicht.", "Die Insulaner sind wütend."]),
        (("Streit um die Boote", "Hafenbote", None, "2012-03-03"), (), ["Im Rat wurde es laut."]),
    ]),
    "factiva.html": (FACTIVA_PAGE, [
        (GAZETTE, ("News",), [STOPS, DISGRACE]),
        "no_text",
        (("Die Fähre fährt nicht mehr", "Hafenbote", None, "1998-05-09"), (),
         ["Die Fähre zur Insel fährt nicht.", "Geht das zusammen? Auch um diese Frage soll es am Montag gehen."]),
    ]),
    "factiva_table.htm": (FACTIVA_TABLE, [
        (GAZETTE, ("News",), ["The ferry to the island will stop.", "Islanders are angry.", "So is the board."]),
        (("Nobody needs a boat", "Harbour Mail", None, "2022-05-05"), (), ["They sail empty."]),
    ]),
    "proquest.html": (PROQUEST_PAGE, [
        (("Ferry to stop", "The Port Gazette", "Lind, Ada", "2022-05-04"), ("LATExtra", "Business Desk"),
         ["The ferry will stop.", "Islanders are angry."]),
        (("Nobody needs a boat", "Harbour Mail", "Berg, Bo", "2022-05-05"), ("LATExtra", "Business Desk"),
         ["They sail empty."]),
    ]),
    "europresse.html": (EUROPRESSE_PAGE, [
        (("Le bac s'arrête", "Le Courrier du Port", "Ada Lind", "2023-03-14"), ("Transports",),
         ["Le conseil a voté", "Le bac ne circulera plus.", "Les îliens sont furieux."]),
        (("Streit um die Boote", "Hafenbote", None, "2023-08-17"), (), ["Im Rat wurde es laut."]),
    ]),
}  # fmt: skip


DATED = (
    ("Ferry 1 is gone", "Port Gazette", "Ada Lind", "2022-05-01"),
    ("Ferry 2 is gone", "Port Gazette", "Ada Lind", "2022-05-02"),
)
OWN = {
    "counted.txt": "".join(
        f"Document {n} of 2\n\nFerry {n} is gone\n\nBy Ada Lind\n\nPort Gazette, {n} May 2022\n\n{STOPS}\n\n{DISGRACE}\n\n"
        for n in (1, 2)
    ),
    "ruled.txt": f"{'-' * 40}\n".join(
        f"Title: Ferry {n} is gone\nAuthor: Ada Lind\nSource: Port Gazette\nDate: {n} May 2022\n\n{STOPS}\n\n{DISGRACE}\n"
        for n in (1, 2)
    ),
}


def read(folder: Path, name: str, content: str, **options: object) -> list[Article | Rejected]:
    (folder / name).write_text(content, encoding="utf-8")
    return list(read_articles([str(folder / name)], **options))  # type: ignore[arg-type]


def units(article: Article) -> list[str]:
    """Text of the units after the title; every one is content."""
    found = split(article)
    assert all(unit.is_content for unit in found), [unit.text for unit in found if not unit.is_content]
    assert found[0].kind == "title"
    assert found[0].text == article.title
    return [unit.text for unit in found[1:]]


@pytest.mark.parametrize("name", EXPORTS)
def test_every_document_of_an_export_is_an_article(tmp_path: Path, name: str) -> None:
    content, expected = EXPORTS[name]
    found = read(tmp_path, name, content)
    assert [one.path for one in found] == [f"{tmp_path / name}#{n}" for n in range(1, len(expected) + 1)]
    for one, wanted in zip(found, expected, strict=True):
        if isinstance(wanted, str):
            assert isinstance(one, Rejected)
            assert one.reason == wanted
            continue
        assert isinstance(one, Article)
        assert (one.title, one.outlet, one.author, one.published) == wanted[0]
        assert (one.sections, units(one)) == wanted[1:]


def test_windows_line_ends_and_members_of_archives(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("lexis.txt", LEXIS.replace("\n", "\r\n"))
        archive.writestr("europresse.html", EUROPRESSE_PAGE)
    found = list(read_articles([str(tmp_path / "a.zip")], outlet="All Papers"))
    assert [(one.path.rpartition("!")[2], one.outlet) for one in found if isinstance(one, Article)] == [
        *((f"lexis.txt#{n}", "All Papers") for n in (1, 2, 3)),
        *((f"europresse.html#{n}", "All Papers") for n in (1, 2)),
    ]


@pytest.mark.parametrize("name", OWN)
def test_files_that_users_put_together_are_split(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, name, OWN[name])
    assert [
        (one.title, one.outlet, one.author, one.published) for one in found if isinstance(one, Article)
    ] == [*DATED]
    for one in found:
        assert isinstance(one, Article)
        assert [unit.text for unit in split(one) if unit.is_content][1:] == [STOPS, DISGRACE]


def test_an_export_of_one_document_has_no_number(tmp_path: Path) -> None:
    one = LEXIS_OLD.partition("                               2 of 2")[0].replace(
        "1 of 2 DOCUMENTS", "1 of 1 DOCUMENTS"
    )
    [article] = read(tmp_path, "one.txt", one)
    assert isinstance(article, Article)
    assert (article.path, article.notes) == (str(tmp_path / "one.txt"), ())
    assert units(article)[0] == "The ferry line won its vote tonight."


@pytest.mark.parametrize(
    ("name", "content", "stated"),
    [
        ("cut.txt", LEXIS.partition("                               3 of 3")[0], 3),
        ("begun.txt", "2 of 3 DOCUMENTS" + LEXIS.partition("2 of 3 DOCUMENTS")[2], 3),
        ("two.txt", LEXIS + LEXIS_OLD.partition("                               2 of 2")[0], 5),
        ("uni.txt", NEXIS_UNI.replace("Documents (2)", "Documents (12)"), 12),
        ("lexis.html", LEXIS_PAGE, 3),
    ],
)
def test_missing_documents_are_noted(tmp_path: Path, name: str, content: str, stated: int) -> None:
    first, *rest = read(tmp_path, name, content)
    assert isinstance(first, Article)
    [note] = first.notes
    assert note.reason == "count"
    assert f"states {stated} documents; {1 + len(rest)} of them" in note.detail


@pytest.mark.parametrize("name", [name for name in EXPORTS if name != "lexis.html"])
def test_a_complete_export_has_no_notes(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, name, EXPORTS[name][0])
    assert all(not one.notes for one in found if isinstance(one, Article))


def test_text_between_documents_and_covers_is_noted(tmp_path: Path) -> None:
    own = "These are the articles that I picked for the seminar on ferries; please read all of them before we meet.\n"
    first, *_ = read(tmp_path, "a.txt", own + LEXIS[LEXIS.index("1 of 3") :])
    assert isinstance(first, Article)
    assert [note.reason for note in first.notes] == ["left_out"]


@pytest.mark.parametrize(
    ("content", "count"),
    [
        ("\n".join(line for line in LEXIS.split("\n") if "DOCUMENTS" not in line), 3),
        (NEXIS_UNI.replace("End of Document", ""), 2),
        ("<html><body>" + LEXIS_PAGE.replace("UPDATE:", "LOAD-DATE:").replace("of 3 DOCUMENTS", ""), 2),
        ("\n".join(line for line in FACTIVA_PLAIN.split("\n") if not line.startswith("Document ")), 2),
    ],
)
def test_documents_that_cannot_be_told_apart_are_refused(tmp_path: Path, content: str, count: int) -> None:
    [one] = read(tmp_path, "a.html" if content.startswith("<") else "a.txt", content)
    assert isinstance(one, Rejected)
    assert one.reason == "several_articles"
    assert f"{count} articles" in one.detail
    assert f'"Document 1 of {count}"' in one.detail


def test_a_document_that_holds_two_is_refused_alone(tmp_path: Path) -> None:
    first, second = read(
        tmp_path,
        "a.txt",
        LEXIS.replace("2 of 3 DOCUMENTS", "").replace("LENGTH: 90", "LOAD-DATE: x\nLENGTH: 90"),
    )
    assert isinstance(first, Rejected)
    assert (first.reason, first.path[-2:]) == ("several_articles", "#1")
    assert isinstance(second, Article)
    assert second.title == "Board delays vote"


def test_a_document_whose_mark_was_cut_off_is_read(tmp_path: Path) -> None:
    uni = read(tmp_path, "uni.txt", NEXIS_TIGHT.rpartition("End of Document")[0])
    lexis = read(tmp_path, "lexis.txt", LEXIS_GERMAN.replace("Dokument 1 von 2", ""))
    for found in (uni, lexis):
        assert [one.title for one in found if isinstance(one, Article)] == (
            [FERRY, BOAT] if found is uni else ["Die Fähre fährt nicht mehr", "Streit um die Boote"]
        )


def test_counters_and_titles_on_every_page_are_no_documents(tmp_path: Path) -> None:
    document = NEXIS_TIGHT.partition("End of Document")[0].replace(
        "Islanders", f"Page 2 of 2\n\n{FERRY}\n\nIslanders"
    )
    [one] = read(tmp_path, "a.txt", f"Page 1 of 2\n\n{FERRY}\n\n{document}End of Document\n")
    assert isinstance(one, Article)
    assert units(one) == [f"{LONG} It was close.", DISGRACE]
    found = read(
        tmp_path, "b.txt", LEXIS_GERMAN.replace("Die Insulaner", "Dokument 1 von 2\n\nDie Insulaner")
    )
    assert len(found) == 2
    assert isinstance(found[0], Article)
    assert units(found[0])[-1] == "Die Insulaner sind wütend."


def test_running_text_above_the_labels_is_kept(tmp_path: Path) -> None:
    [one] = read(
        tmp_path,
        "a.txt",
        f"{LONG * 5}\n\nSection: NEWS\n\nLength: 212 words\n\n{DISGRACE}\n\nEnd of Document\n",
    )
    assert isinstance(one, Article)
    assert [unit.text for unit in split(one)] == [LONG * 5, DISGRACE]


def test_limits_hold_for_each_document(tmp_path: Path) -> None:
    many = "".join(
        f"{n} of 40 DOCUMENTS\n\nThe Port Gazette\n\nMay 4, 2022\n\nFerry {n}\n\nLENGTH: 9 words\n\n"
        f"{'The boat sails. ' * 20}\n\n"
        for n in range(1, 41)
    )
    limits = Limits(text=2_000)
    found = read(tmp_path, "a.txt", many + "The boat sails. " * 200, limits=limits)
    assert [isinstance(one, Article) for one in found] == [True] * 39 + [False]
    assert isinstance(found[-1], Rejected)
    assert found[-1].reason == "too_large"


# ---- one article is one article

PROSE = "The ferry sailed on Monday, and the harbour board met in the evening to speak about the winter. " * 3
ORDINARY = {
    "labels.txt": f"The length of a ferry\n\n{PROSE}\n\nLENGTH: 212 words\n\nSECTION: it had none.\n\n{PROSE}\n",
    "end.txt": f"A ferry story\n\n{PROSE}\n\nEnd of Document\n",
    "pages.txt": f"A ferry report\n\nDocument 1 of 3\n\n{PROSE}\n\nDocument 1 of 3\n\n{PROSE}\n",
    "rules.md": f"# A ferry story\n\n{PROSE}\n\n____________________\n\n{PROSE}\n\n____________________\n\nTitle: none\n",
    "count.txt": f"Write less\n\n{PROSE}\n\n300 words\n\n{PROSE}\n\n500 words\n\n{PROSE}\n",
    "drawn.md": f"A ferry story\n=============\n\n{PROSE}\n\n--------------------\n\n{PROSE}\n\nMore\n------------\n",
    "front.md": f"---\ntitle: A ferry\nauthor: Ada Lind\n---\n\n{PROSE}\n\n____________________\n\n{PROSE}\n",
    "messages.txt": f"A ferry thread\n\n{PROSE}\n" + f"\n{'-' * 20}\nAuthor: Bo\nDate: 2022-05-01\nLink: x\n\n{PROSE}\n" * 2,
    "place.txt": f"A ferry story\n\n{PROSE}\n\nLocation: the pier\n\nYear: 2022\n\n{PROSE}\n\nEnd of Document\n",
    "document.txt": f"Papers\n\nDocument A1234567\n\n{PROSE}\n",
}  # fmt: skip


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_text_stays_one_article(tmp_path: Path, name: str) -> None:
    [article] = read(tmp_path, name, ORDINARY[name])
    assert isinstance(article, Article)
    assert (article.text, article.path, article.notes) == (ORDINARY[name], str(tmp_path / name), ())


def _page(body: str, head: str = "") -> str:
    return f"<!doctype html><html><head><title>Port</title>{head}</head><body>{body}</body></html>"


def _article(n: int, *, inside: str = "", heading: str = "h2", words: int = 12, css: str = "post") -> str:
    paragraphs = "".join(
        f"<p>Story {n}, part {k}: the ferry number {n} sailed past the pier and nobody waved.</p>"
        for k in range(words)
    )
    return (
        f'<article class="{css}"><{heading}>Ferry story {n} begins</{heading}>{inside}{paragraphs}</article>'
    )


TEASERS = "".join(_article(n, words=2, heading="h3") for n in range(2, 8))
ONE_ARTICLE = {
    "teasers": _page(f"<main>{_article(1, heading='h1')}</main><aside>{TEASERS}</aside>"),
    "front": _page(f"<main><h1>News from the port</h1>{TEASERS}</main>"),
    "live": _page(f"<main><h1>Ferry vote: live</h1>{''.join(_article(n) for n in range(1, 5))}</main>"),
    "nested live": _page(
        f"<article><h1>Ferry vote</h1>{''.join(_article(n) for n in range(1, 5))}</article>"
    ),
    "marked live": _page("".join(_article(n, css="live-blog-entry") for n in range(1, 5))),
    "comments": _page(
        f"<main>{_article(1, heading='h1')}</main><div id='comments'>"
        + "".join(_article(n, heading="h3", css="comment-body") for n in range(2, 5))
        + "</div>"
    ),
    "other title": _page(
        "".join(_article(n) for n in range(1, 4)),
        '<meta property="og:type" content="article"><meta property="og:title" content="The long day of the vote">',
    ),
}


@pytest.mark.parametrize("name", ONE_ARTICLE)
def test_teasers_comments_and_live_entries_do_not_split_a_page(tmp_path: Path, name: str) -> None:
    [one] = read(tmp_path, "a.html", ONE_ARTICLE[name])
    assert one.path == str(tmp_path / "a.html")


@pytest.mark.parametrize(
    "text",
    [
        FACTIVA_CODES[:400] + "\n" * 200_000,
        PROQUEST_RULES + f"{'_' * 60}\n{LONG} {LONG}\n" * 4_000,
        f"Page 1 of 2\n{NEXIS_TIGHT}" + f"{FERRY}\n" * 40_000 + "End of Document\n",
        "1 of 9 DOCUMENTS\nLENGTH: 9 words\n" + "Subject: x\n\ny: z\n\n" * 20_000,
        "1 of 9 DOCUMENTS\n2 of 9 DOCUMENTS\nLENGTH: 9 words\n" * 5_000,
        "Document 1 of 2\n" + "A" * 500_000 + ":\n" + ":" * 500_000,
    ],
)
def test_odd_exports_take_linear_time(text: str) -> None:
    begin = time.process_time()
    with contextlib.suppress(Rejected):
        split_text_export(text, "a.txt")
    assert time.process_time() - begin < 20


def test_a_page_of_several_whole_articles_is_split(tmp_path: Path) -> None:
    date = '<p class="byline">By Ada Lind</p><time datetime="2022-05-04T10:00:00Z">4 May 2022</time>'
    articles = "".join(_article(n, inside=date) for n in (1, 2, 3)) + _article(4, words=2)
    page = _page(
        f'<header><h1 class="site-title">The Port Gazette</h1></header><main>{articles}</main>',
        '<meta property="og:site_name" content="The Port Gazette">',
    )
    found = read(tmp_path, "blog.html", page)
    assert [
        (one.path.rpartition("/")[2], one.title, one.outlet) for one in found if isinstance(one, Article)
    ] == [(f"blog.html#{n}", f"Ferry story {n} begins", "The Port Gazette") for n in (1, 2, 3)]
    for n, one in enumerate(found, 1):
        assert isinstance(one, Article)
        assert f"Story {n}, part 11" in one.text
        assert f"Story {n % 3 + 1}," not in one.text
    first = found[0]
    assert isinstance(first, Article)
    assert [note.reason for note in first.notes] == [
        "several_articles",
        "left_out",
    ]
    assert "1 more" in first.notes[1].detail


def test_documents_with_own_title_and_source_lines_and_nothing_between_them_are_refused(
    tmp_path: Path,
) -> None:
    said = "The clerk of the harbour read the new rules aloud, and nobody in the hall had any question about them."
    one = "Title: Rules for {0}\nSource: {0} Post\nAuthor: Ada Lind\n\n" + said + "\n\n"
    path = tmp_path / "a.txt"
    path.write_text(one.format("Marlow") + one.format("Sele"), "utf-8")
    (found,) = read_articles([str(path)])
    assert isinstance(found, Rejected)
    assert found.reason == "several_articles"
    assert "2 articles" in found.detail
    path.write_text(one.format("Marlow") + said, "utf-8")
    (found,) = read_articles([str(path)])
    assert isinstance(found, Article)
