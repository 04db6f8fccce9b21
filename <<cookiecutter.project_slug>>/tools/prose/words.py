"""Words, and the words that carry no meaning in eight languages."""

# ruff: noqa: RUF001 - dashes and quotes as people type them are what is searched for

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W\d_](?:[\w+#'’-]{0,60}[\w+#])?")


def word_set(text: str) -> frozenset[str]:
    """Return the words of a list written as one string."""
    return frozenset(text.split())


STOP_WORDS: dict[str, frozenset[str]] = {
    "en": word_set(
        "a about after again all also am an and any are as at be because been before being but by can could did do "
        "does "
        "doing don't down for from further get got had has have having he her here hers him his how i i'd i'll i'm "
        "i've if "
        "in into is isn't it it's its just let let's like me more most my no nor not now of off ok okay on once "
        "only or "
        "other our out over own please same she should so some such than thank thanks that that's the their them "
        "then "
        "there these they they're this those through to too under until up us very was we we'd we'll we're we've "
        "were "
        "what what's when where which while who why will with would yeah yes you you'd you'll you're your yours"
    ),
    "de": word_set(
        "aber alle als also am an auch auf aus bei bin bis bitte da dafür damit danke dann das dass dazu dein dem "
        "den denn "
        "der des die dies diese diesem diesen dieser dieses doch dort durch ein eine einem einen einer eines er es "
        "etwas "
        "euch für gibt hab habe haben hat hatte hier ich ihm ihn ihnen ihr ihre ihrem ihren im in ist ja jetzt kann "
        "kein "
        "keine können mal man mein meine mich mir mit muss nach nein nicht noch nur oder schon sehr sein seine seit "
        "sich "
        "sie sind so über um und uns unser unter vom von vor war was wenn werden wie wir wird wo zu zum zur"
    ),
    "fr": word_set(
        "ai alors au aussi aux avec avez avons bien bonjour c'est ce ces cette comme d'un d'une dans de depuis des "
        "donc du "
        "elle elles en est et être fait il ils j'ai je la le les leur lui là ma mais me merci mes moi mon même ne "
        "nos notre "
        "nous on ont ou où par pas plus pour qu'il que qui sa sans se ses si son sont sur ta te tout très tu un une "
        "vos "
        "votre vous y à été"
    ),
    "es": word_set(
        "a al algo antes como con cual cuando de del desde donde el ella ellos en entre era es esa ese eso esta "
        "este esto "
        "estoy está están ha han hasta hay he la las le les lo los me mi mis muy más nada ni no nos nosotros o para "
        "pero "
        "por porque que quien qué se ser si sin sobre son soy su sus sí también te tengo tiene todo tu un una uno "
        "unos usted "
        "y ya yo"
    ),
    "it": word_set(
        "a abbiamo ai al alla alle anche che chi ci come con cosa da dal dalla degli dei del della delle di dove e "
        "ed era "
        "essere fa fino gli grazie ha hai hanno ho i il in io la le lei lo loro ma mi mia mio molto ne negli nel "
        "nella noi "
        "non nostro o per perché più qualche quando quella quello questa questo se sei si sono sono stato su sua "
        "sul sulla "
        "suo ti tra tu tutti un una uno vi voi è"
    ),
    "nl": word_set(
        "aan als al alleen ben bij dan dat de deze die dit door dus een en er geen graag had heb hebben heeft het "
        "hier hij "
        "hoe hun ik in is ja je kan kunnen maar me meer met mij mijn na naar nee niet nog nu of om omdat ons onze "
        "ook op "
        "over te tot u uit uw van veel voor waar wanneer was wat we wel werd wij wil worden wordt zal ze zich zij "
        "zijn zo zou"
    ),
    "pt": word_set(
        "a ainda ao aos as até com como da das de dela dele depois do dos e ela ele em entre era essa esse esta "
        "estamos este "
        "estou está eu foi há isso isto já lhe mais mas me meu minha muito na nas nem no nos nossa nosso não o "
        "obrigado os "
        "ou para pela pelo por porque quando que quem se sem ser seu sua são só também te tem tenho um uma você "
        "vocês à é"
    ),
    "pl": word_set(
        "a aby ale bardzo bez był była było być co czy dla dlaczego do dziękuję dzień gdzie go i ich ja jak jako je "
        "jego jej "
        "jest jestem jeszcze już każdy kiedy która które który lub ma mam mi mnie moje może na nad nam nas nie niż "
        "o od "
        "oraz po pod proszę przed przez przy się są ta tak tam te tego tej ten to tylko tym w we więc z za ze że"
    ),
}

_EVERY = frozenset().union(*STOP_WORDS.values())


def words(text: str) -> list[str]:
    """Return the words of the text in lower case, in order; numbers are left out."""
    return [w.replace("’", "'") for w in _WORD.findall(text.lower())]


def content_words(text: str, language: str | None = None) -> list[str]:
    """Return the words that carry meaning: three letters or more, no stop word of the language.

    Without a language that has a list, the stop words of all of them are left out.
    """
    stop = STOP_WORDS.get(language or "", _EVERY)
    return [w for w in words(text) if len(w) > 2 and w not in stop]
