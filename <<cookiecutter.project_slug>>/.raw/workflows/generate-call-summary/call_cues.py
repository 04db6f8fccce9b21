"""The phrases by which decisions, promises, requests, dates and questions are known, in English and German mostly."""

# ruff: noqa: E501, RUF001 - a family of phrases stays on one line, with dashes and quotes as people type them

from __future__ import annotations

import re

DECIDED = re.compile(
    r"\b(?:(?:we|i)(?:'ve| have|'re| are)? (?:all |both |just )?(?:decided|agreed|settled)\b|(?:it|that)(?:'s| is) (?:settled|decided|agreed|a deal)|"
    r"(?:so |then |ok(?:ay)?,? )?(?:let'?s|we(?:'ll| will| are going to)|i'd say we) (?:go (?:with|ahead|for)|stick (?:with|to)|settle on|do it|keep it|drop|cancel|postpone|move (?:it|the)|make it)|"
    r"the decision is|we(?:'re| are) (?:going with|hiring|moving ahead|moving forward|not going)|we (?:choose|chose)|final decision|"
    r"wir (?:haben (?:\w+ )?(?:beschlossen|entschieden|vereinbart|uns geeinigt)|einigen uns|nehmen (?:jetzt |dann |also )?(?:den|die|das)|machen (?:das|es) so|bleiben bei)|"
    r"(?:das ist )?(?:beschlossen|abgemacht|vereinbart)\b|nous avons décidé|on part sur|hemos decidido|quedamos en)",
    re.I,
)
UNDECIDED = re.compile(
    r"(?:\b(?:not|never|if|whether|unless|until|once|before|should|could|might|maybe|nicht|falls|wenn|ob|vielleicht|pas|si)|n't)\b[^.]{0,25}$",
    re.I,
)
PROPOSED = re.compile(
    r"\b(?:shall we|should we|let'?s|how about|what about|why don'?t we|what if we|i(?:'d| would) (?:suggest|propose)|i (?:suggest|propose)|can we (?:agree|meet|move)|"
    r"would (?:\w+ ){0,5}?(?:work|suit|be (?:ok|okay|fine|good))|does (?:\w+ ){1,4}work|wollen wir|sollen wir|ich schlage vor|wie wäre|passt (?:ihnen|dir|euch)|"
    r"on pourrait|que diriez-vous|qué tal si|podemos)\b",
    re.I,
)
AGREED = re.compile(
    r"^\W*(?:(?:yes|yeah|yep|ok|okay|sure|great|perfect|good|fine|ja|gut|genau|oui|sí|si|vale)\b[,.! ]*)*(?:agreed|deal|sounds (?:good|great|fine|perfect)|"
    r"(?:[\w:]+ ){0,4}works(?: (?:for me|fine|well|too))?(?=[.!]?$)|works for me|that works|let'?s do that|i agree|fine (?:by|with) me|good idea|perfect|einverstanden|abgemacht|passt(?: mir| für mich)?|so machen wir(?: das| es)?|"
    r"klingt gut|d'accord|entendu|de acuerdo|perfecto)\b",
    re.I,
)
PLEASANTRY = re.compile(
    r"\b(?:get started|dive in|(?:begin|start)(?! (?:on|in|at|the|from)\b)|go through|see|talk|hear|wait|look at|jump (?:in|right)|anfangen|beginnen|loslegen|schauen wir)\b",
    re.I,
)

VERBS = (
    r"(?:send|share|forward|email|e-mail|mail|write|draft|prepare|check|ask|book|schedule|set up|arrange|organi[sz]e|call|ring|follow up|get back|come back|"
    r"look into|find out|update|fix|create|review|talk to|speak to|speak with|talk with|reach out|contact|confirm|invite|order|sign|submit|upload|add|remove|finish|deliver|"
    r"provide|let \w+ know|make sure|ensure|test|document|introduce|discuss|clarify|investigate|report|put together|work on|take care|do that|do it|have \w+ ready|bring|"
    r"read|fill|complete|apply|transfer|pay|register|collect|request|raise|open a|file|circulate|present|publish|migrate|deploy|rewrite|hand|dig|look for|have \w+ (?:send|call|book|check|write|email|prepare|set)|give \w+ (?:a call|an update|feedback)|try)"
)
I_WILL = re.compile(
    rf"\bI(?:'ll| will| am going to|'m going to| am gonna|'m gonna| shall| need to| have to| must| can)(?: then| also| just| now| try to| definitely| gladly| personally)* (?P<what>{VERBS}\b.*)",
    re.I,
)
LET_ME = re.compile(
    r"\blet me (?P<what>(?:double[- ]?check|check|ask|find out|confirm|clarify|look into|get back|come back)\b.*)", re.I
)
WE_WILL = re.compile(
    rf"\bwe(?:'ll| will| are going to|'re going to| need to| have to| must)(?: then| also| just)* (?P<what>{VERBS}\b.*)",
    re.I,
)
YOU_WILL = re.compile(
    rf"\b(?:(?:could|can|would|will) you(?: please| maybe| also| perhaps| then)*|please|you(?:'ll| will| need to| should| have to)(?: please| also)*|I(?:'d| would) (?:need|like|ask) you to) (?P<what>{VERBS}\b.*)",
    re.I,
)
X_WILL = re.compile(
    rf"(?:^|[,;] |\band |\bso |\bthen )(?P<who>[A-ZÄÖÜ][\w'’-]{{1,20}}(?: [A-ZÄÖÜ][\w'’-]{{1,20}})?) (?:will|is going to|'ll|should|needs to|has to|is to|to) (?P<what>{VERBS}\b.*)"
)
ACTION = re.compile(
    r"\b(?:action(?: item| point)?s?|to-?do|next steps?|follow[- ]ups?|aufgabe)\s*(?:for (?P<for>[\w'’-]{2,20}))?\s*[:–-]\s*(?:(?P<who>[A-ZÄÖÜ][\w'’-]{1,20})\s*(?:[:,–-]|to|will)\s+)?(?P<what>\S.*)",
    re.I,
)
ICH_WERDE = re.compile(
    r"\b(?P<what>(?:schicke|sende|prüfe|kläre|frage|organisiere|buche|rufe|erstelle|bereite|leite|schreibe|reserviere|lade|melde) ich\b.*)"
    r"|\bich (?P<what2>(?:schicke|sende|prüfe|kläre|frage|organisiere|buche|rufe|melde mich|kümmere mich|erstelle|bereite|leite|teile|stelle|gebe|schreibe|reserviere|lade)\b.*"
    r"|werde (?:[\wäöüß]+ ){1,8}?(?:schicken|senden|prüfen|klären|fragen|organisieren|buchen|anrufen|melden|kümmern|erstellen|vorbereiten|weiterleiten|schreiben|reservieren|einladen)\b.*)",
    re.I,
)
SIE_BITTE = re.compile(
    r"\b(?:(?:könnten|können|würden) sie|könntest du|kannst du)(?: bitte)? (?P<what>.{4,160}?(?:schicken|senden|prüfen|klären|fragen|buchen|anrufen|melden|erstellen|vorbereiten|schreiben|mitbringen|nachreichen)\b.*)",
    re.I,
)
IF = re.compile(
    r"\b(?:if(?! (?:you|that|it) (?:want|like|need|wish|helps?|is ok))|unless|in case|falls|sollte)\b", re.I
)
NOT_MEANT = re.compile(
    r"\b(?:had|would have|could have|i wish|when i was|used to|last (?:week|month|year)|yesterday)\b[^,]{0,60}$|\b(?:don't|do not|not|never)\s+$",
    re.I,
)
SMALL_TALK = re.compile(
    r"^(?:let (?:you|me|them) know if (?:i|you|anything)|share my screen|ask you (?:a|some|about|how|what|why|one|another|first|now|something)|talk to you (?:soon|later|then|next)|talk to me about|"
    r"call (?:it|you back when|that|this)|add (?:that|one|something|to that)|open (?:a window|the floor)|see\b|read (?:that|it|this) (?:out|again|back)|try (?:to )?(?:explain|be|answer|and|not)|check in with|"
    r"do (?:that|it)[.!]?$|start|bring (?:up|that up)|give you (?:a bit|some|an example)|present myself|introduce myself|write (?:that|it|this) down)",
    re.I,
)
NEW_ACTOR = re.compile(
    r"(?:,| )(?: ?and| und|; | then)? (?=(?:I(?:'ll| will)|you(?:'ll| will)|we(?:'ll| will)|ich (?:schicke|sende|melde|werde)|[A-Z][a-z]+ will)\b)"
)
YES = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|of course|ok|okay|absolutely|certainly|no problem|will do|gladly|happy to|i (?:can|will)|ja|klar|gerne|natürlich|mache ich|oui|bien sûr|sí|claro)\b",
    re.I,
)
DUE = re.compile(
    r"\b(?:by|until|before|on|this|next|within|in|at the latest|no later than|bis(?: zum| spätestens)?|am|avant|para|antes de)\s+(?P<rest>.{3,30})|"
    r"\b(?:today|tonight|tomorrow|end of (?:the )?(?:day|week)|eod|heute|morgen|übermorgen|nächste woche)\b",
    re.I,
)

SMALL_QUESTION = re.compile(
    r"\b(?:how are you|how do you do|how was your|can you hear|do you hear|hear me|see my screen|is that (?:ok|okay|right|correct|clear)|does that (?:make sense|sound)|"
    r"make sense|any (?:other |more |further )?questions|anything else|you know|right|okay|ok|isn'?t it|aren'?t you|don'?t you think|got it|ready|shall we (?:start|begin|go)|"
    r"wie geht|hören sie mich|noch fragen|oder|nicht wahr|ça va|cómo est[áa]s?)\?\s*$|^\W*(?:what|sorry|pardon|really|oh|why not|who knows|wie bitte|echt|was|quoi)\?$",
    re.I,
)
PUT_OFF = re.compile(
    r"\b(?:i (?:don'?t|do not) know|(?:i'?m |i am )?not (?:sure|certain|quite sure)|no idea|(?:have|need|'ll have|will have) to (?:check|ask|find out|look|clarify|confirm|think)|i(?:'ll| will) (?:check|ask|find out|look into|get back|come back|clarify|confirm)|"
    r"get back to you|let me (?:check|find out|get back|come back|ask)|good question|hard to say|can'?t (?:say|tell|answer)|cannot (?:say|tell|answer)|not (?:yet )?(?:decided|clear|known)|to be (?:decided|confirmed|defined)|depends on|"
    r"weiß (?:ich )?(?:\w+ )?nicht|ich weiß (?:es |das )?nicht|muss ich (?:\w+ ){0,3}(?:klären|prüfen|fragen|nachfragen|nachsehen)|kläre ich|noch (?:offen|unklar|nicht)|keine ahnung|"
    r"je ne sais pas|il faut que je|no lo sé|no sé|tengo que (?:preguntar|mirar))\b",
    re.I,
)
