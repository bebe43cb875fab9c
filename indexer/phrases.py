"""The wording of page furniture: phrases that pages of all kinds put around their text.

Knows words only, in English, Korean, Japanese and Chinese; where on a page they count as furniture is
``furniture``'s matter. A phrase is compared in lower case without its bullet and decoration.
"""

import re


def _phrases(listed: str) -> frozenset[str]:
    return frozenset(
        phrase.strip() for line in listed.splitlines() for phrase in line.split("|") if phrase.strip()
    )


ANYWHERE = _phrases(
    """
    skip to content|skip to main content|skip to navigation|skip navigation|go to main content
    jump to content|share this|share this page|share this article|share on facebook|share on twitter
    share on linkedin|go top|go to top|back to top|top of page|go top letter|advertisement|page top
    read more|print this page|본문 바로가기|본문바로가기|메뉴 바로가기|주메뉴 바로가기|공유하기|맨 위로
    위로가기|인쇄하기|글자크기|글자 크기|本文へ移動|本文へスキップ|ページの先頭へ|跳到主要内容|跳至正文
    返回顶部|シェアする|toggle navigation|accessibility menu|menu skip to content
    like this:|like loading...|post navigation
    """
)
ANYWHERE_FORMS = re.compile(
    r"(?:skip|jump) to (?:the )?(?:main |page )?(?:content|menu|navigation|search|footer)"
)

AT_EDGES = _phrases(
    """
    letter|also featured on|most read|most viewed|most popular|view all|see all|show more|load more
    font-size|font size|text size|share|print|tweet|email|e-mail|facebook|twitter|linkedin|bookmark
    copy link|copy url|follow us|list|previous|next|prev|previous article|next article|previous post
    next post|close|open menu|menu|main menu|main navigation|search|home|log in|login|sign in|subscribe
    you are here|you are here:|newsletter|add to calendar|loading...|loading…|reply|cancel reply|검색|홈|메뉴
    로그인|글씨크기|글씨 크기|댓글|댓글쓰기|기사공유|목록|목록보기|인쇄|공유|스크랩|이전글|다음글|닫기
    url 복사|페이스북|트위터|카카오톡|처음으로|印刷|一覧|一覧へ戻る|戻る|分享|打印|关闭|返回|列表
    上一篇|下一篇
    """
)
AT_EDGES_FORMS = re.compile(
    r"(?:sign up|subscribe)\b.{0,30}\b(?:e?newsletters?|mailing list|alerts)(?: today| now)?"
    r"|(?:views?|hits?|page views|조회수?|閲覧数|浏览次数)\s*[:：]?\s*[\d,]+"
    r"|(?:click to )?share (?:this )?(?:on|via|by|to|with) .{1,20}(?: \(opens in (?:a )?new \w+\))?"
    r"|\d+[- ]min(?:ute)?s? read|\d+ (?:comments?|shares?|likes?)|comments? \(\d+\)"
    r"|(?:댓글|추천|좋아요)\s?\d+"
    r"|(?:previous|next|older|newer) (?:post|article|story|entry)s?:? .{3,100}"
    r"|(?:이전글|다음글|上一篇|下一篇)\s?[:：]?\s?.{2,80}"
    r"|(?:view|see|read) (?:all|more) (?:posts|articles|stories|news) (?:by|from|in) .{2,40}"
    r"|.{2,6} ?기자의? 다른 ?기사.{0,6}|(?:proudly )?powered by .{2,30}|blog at .{2,20}\.com\.?"
    r"|[aA]-?\s[aA](?:\s[aA]\+?)?|가\s?가(?:\s?가)?"
    r"|[\W_]*font[- ]size[\W_]*"
)
OTHER_STORIES = re.compile(
    r"top \d+ (?:stories|news|articles)"
    r"|(?:related|more|latest|recommended|other|popular) (?:articles?|stor(?:y|ies)|news|posts?|content)"
    r"|(?:most (?:read|viewed|popular)|also featured on|you (?:may|might) (?:also )?(?:like|be interested in)"
    r"|you (?:may|might) also be interested in|related|read next|more from .{3,30})"
    r"|관련\s?기사|많이 본 (?:뉴스|기사)|인기\s?기사|相关(?:新闻|阅读|文章)|関連(?:記事|ニュース)"
)
FEEDBACK = re.compile(
    r"(?:is|was) this (?:page|article|information) (?:useful|helpful)\??.{0,20}"
    r"|did you find (?:this|what) .{0,40}\?|.{0,40}만족하십니까\??|.{0,40}만족도.{0,20}평가.{0,20}"
    r"|このページは(?:お?役に立ち|参考になり)ましたか.?|此页面是否有用.?"
)
COOKIES = re.compile(
    r"(?:this|our) (?:web)?site uses cookies|we use (?:\w+ ){0,2}cookies"
    r"|by (?:continuing|using) .{0,60}cookies|accept (?:all )?cookies"
    r"|cookie (?:settings|preferences|policy)$|(?:accept|reject|decline) all(?: cookies)?$",
    re.IGNORECASE,
)
NOTICES = re.compile(
    r"(?:sign up|subscribe)\b.{0,80}\b(?:e?newsletters?|mailing list|inbox)\b"
    r"|get .{0,80}\b(?:in|to) your inbox\b|(?:enter|type) your e-?mail"
    r"|your e-?mail address will not be published|required fields are marked"
    r"|this site uses akismet|learn how your comment data is processed"
    r"|로그인.{0,12}댓글.{0,20}(?:있습니다|하세요|주세요)|본 저작물은 .{0,10}공공누리",
    re.IGNORECASE,
)
"""Sentences of the site's own: about its newsletter, its forms, the licence of its pages."""
COPYRIGHT = re.compile(
    r"(?:©|ⓒ|\(c\) |copyright\b).{0,160}|.{0,80}all rights reserved\.?.{0,20}|.{0,40}무단\s?전재.{0,40}",
    re.IGNORECASE,
)
CONTENTS = _phrases(
    """
    contents|table of contents|on this page|in this article|in this section|목차|目次|目录
    """
)
COMMENTS = re.compile(r"\d+ (?:thoughts?|comments?|responses?|repl(?:y|ies)) (?:on|to) [\"“‘'«].{3,250}")
COMMENT_FORM = re.compile(r"(?:leave a (?:reply|comment)|(?:post|add) a comment)(?: cancel reply)?")
LABELS = _phrases(
    """
    country & region|country and region|countries & regions|themes|theme|hazards|hazard|tags|tag
    keywords|topics|categories|category|attachments|attachment|related links|links|sponsors
    explore further|additional information|태그|첨부파일|관련 링크|키워드|标签|タグ
    """
)
MENU_WORDS = _phrases(
    """
    home|about|about us|news|contact|contact us|login|log in|sign in|sign up|search|menu|sitemap
    site map|faq|help|archive|events|services|gallery|press|media|blog|resources|publications|careers
    subscribe|english|accessibility|privacy|privacy policy|terms|terms of use|cookies|cookie settings
    cookie policy|legal notice|imprint|impressum|홈|로그인|회원가입|사이트맵|소개|검색|메뉴|首页|登录|ホーム
    お問い合わせ
    """
)
SECTIONS = _phrases(
    """
    politics|economy|business|society|culture|sports|opinion|world|international|local|technology|lifestyle
    entertainment|photos|videos|podcasts|topics|our work|projects|partners|residents|visitors|government
    city hall|programme|program|speakers|register|registration|tickets|jobs|donate|join us|my account
    정치|경제|사회|문화|스포츠|국제|연예|전국|지역|오피니언|포토|시정소식|민원|분야별정보|시민참여|정보공개
    """
)
"""Items of menus that are headings of articles as well."""
FRONT_DOOR = _phrases(
    "home|login|log in|sign in|search|menu|sitemap|site map|홈|로그인|사이트맵|검색|메뉴|首页|登录|ホーム"
)
"""Items of a whole site's menu, and of no page's own."""
SMALL_PRINT = _phrases(
    """
    privacy|privacy policy|terms|terms of use|cookies|cookie settings|cookie policy|legal notice|imprint
    impressum|accessibility|sitemap|site map
    """
)
"""Items at the foot of a site."""
KINDS = _phrases(
    """
    for immediate release|press release|news release|media release|media advisory|press statement|news
    newsletter|보도자료|보도 자료|報道発表|プレスリリース|新闻稿
    """
)
"""What a document is, printed above its headline."""
LANGUAGES = _phrases(
    """
    en|kr|ko|kor|eng|jp|ja|jpn|cn|zh|chn|tw|fr|es|ar|ru|de|pt|it|vi|th|id|english|korean|japanese
    chinese|한국어|국문|영문|日本語|中文|简体|繁體|简体中文|繁體中文|français|español|русский|العربية
    deutsch|português|tiếng việt|italiano|bahasa indonesia|ไทย|french|spanish|arabic|russian
    """
)
SOCIAL = _phrases(
    """
    facebook|twitter|x|linkedin|whatsapp|telegram|email|e-mail|print|pinterest|instagram|youtube
    kakaotalk|kakaostory|naver|band|line|weibo|wechat|tweet|share|copy|link|페이스북|트위터|카카오톡
    카카오스토리|밴드|네이버|인스타그램|유튜브
    """
)


def normal(line: str) -> str:
    """A line as it is compared with the phrases."""
    return " ".join(line.casefold().strip(" •‣▪▴▲▶◦●■□○∙·*▓▒░>»›<«‹|-–—").split())
