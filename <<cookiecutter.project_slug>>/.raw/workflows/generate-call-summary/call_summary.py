"""Put the findings together: topics, tone, and a few sentences that sum up the call."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from itertools import pairwise

from call_find import find_decisions, find_follow_ups, find_open_questions, said
from call_models import CallInput, Sentiment, Summary, Turn
from call_transcript import talk_shares

from tools import prose

_TOPICS = 6
_SUMMARY_CHARS = 700

# What is said in every call and is no topic of any.
_CALL_WORDS = prose.word_set(
    "great good nice perfect sure fine okay yeah well really think know mean want need like look see say said tell "
    "talk going get got make take "
    "come back time week day today tomorrow thing things bit lot way right hello hi hey thanks bye guys one two "
    "three maybe actually probably "
    "first next last also still question questions call meeting monday tuesday wednesday thursday friday saturday "
    "sunday year years month months "
    "sounds agreed send works work working people much many quite pretty kind sort guess hope could would might gut "
    "super genau halt eben mal ganz "
    "bisschen dank schon heute morgen montag dienstag mittwoch donnerstag freitag woche jahr jahre sagen machen "
    "gehen denke glaube möchte herr frau "
    "bonjour merci oui non hola gracias bueno since four five six used using give handle mostly looked shall invite "
    "let book does did know yet "
    "different through every another something anything someone everyone everything nothing already around because"
)

_GOOD = prose.word_set(
    "great good perfect excellent happy glad love wonderful fantastic interesting interested excited helpful nice "
    "thanks impressed pleased like enjoy "
    "awesome super toll gut freue freut prima wunderbar interessant spannend begeistert parfait excellent ravi "
    "content perfecto genial encantado"
)
_BAD = prose.word_set(
    "bad problem problems unhappy disappointed disappointing frustrated frustrating angry annoyed terrible horrible "
    "worst worse unfortunately sorry difficult "
    "worried concern concerns concerned delay delayed broken fail failed failing wrong upset unacceptable cancel "
    "complaint risk schlecht leider problem "
    "probleme ärgerlich enttäuscht schwierig verärgert kaputt sorge dommage problème déçu lamentablemente problema "
    "malo"
)
_POLITE = re.compile(
    r"^\W*(?:hi|hello|hey|good (?:morning|afternoon|evening)|thanks?(?: you)?|welcome|nice to|bye|hallo|guten "
    r"(?:tag|morgen)|(?:vielen )?danke?|"
    r"bonjour|merci|hola|gracias|buen[oa]s)\b",
    re.I,
)
_NEGATIONS = prose.word_set("not no never don't didn't isn't wasn't can't nicht kein keine nie pas sin nunca")


def summarise(given: CallInput) -> Summary:
    """Return the summary of a call: the heuristic that answers when no model does."""
    turns = given.transcript.turns
    language = prose.detect(" ".join(turn.text for turn in turns[:400])).code
    everything = said(turns)
    names = list(dict.fromkeys(turn.speaker for turn in turns if turn.speaker))
    decisions = find_decisions(everything)
    follow_ups = find_follow_ups(everything, names, given.call_date)
    questions = find_open_questions(everything)
    topics = find_topics(turns, language, names)
    parts = [_opening(given, topics)]
    parts += _key_sentences([s.text for s in everything], language)
    parts.append(_counts(len(decisions), len(follow_ups), len(questions)))
    return Summary(
        summary=prose.shorten(prose.redact(" ".join(parts)), _SUMMARY_CHARS),
        topics=topics,
        decisions=decisions,
        follow_ups=follow_ups,
        open_questions=questions,
        sentiment=sentiment(turns),
        language=language,
    )


def find_topics(turns: list[Turn], language: str, names: list[str]) -> list[str]:
    """Return up to six words or pairs of words that come back, those of several speakers first.

    Names of speakers, contact data and the small change of every call are left out.
    """
    own = {part.lower() for name in names for part in re.findall(r"\w+", name)}
    counts: Counter[str] = Counter()
    speakers: defaultdict[str, set[str]] = defaultdict(set)
    for turn in turns:
        # Sentence by sentence, so that no pair reaches over a full stop.
        for sentence in prose.sentences(prose.redact(turn.text)):
            bag = [
                w
                for w in prose.content_words(sentence, language)
                if w not in _CALL_WORDS and w not in own and "'" not in w
            ]
            bag = [w for w in bag if w not in ("email", "link", "phone") and w not in _GOOD and w not in _BAD]
            text = sentence.lower()
            pairs = [f"{a} {b}" for a, b in pairwise(bag) if f"{a} {b}" in text]
            for item in (*bag, *pairs):
                counts[item] += 1
                speakers[item].add(turn.speaker)
    least = 2 if sum(counts.values()) > 40 else 1
    weights = {
        item: n * (1.0 + 0.5 * (len(speakers[item]) - 1)) * (1.6 if " " in item and n > 1 else 1.0)
        + min(len(item), 12) / 100
        for item, n in counts.items()
        if n >= least and (" " not in item or n > 1)
    }
    chosen: list[str] = []
    for item in sorted(weights, key=lambda i: (-weights[i], i)):
        if not any(item in other.split() or set(item.split()) & set(other.split()) for other in chosen):
            chosen.append(item)
        if len(chosen) == _TOPICS:
            break
    return chosen


def sentiment(turns: list[Turn]) -> Sentiment:
    """Return the tone by words of praise and of trouble; "not good" counts as trouble."""
    good = bad = 0
    for turn in turns:
        bag = prose.words(turn.text)
        for index, word in enumerate(bag):
            denied = any(before in _NEGATIONS for before in bag[max(0, index - 2) : index])
            if word in _GOOD:
                good, bad = (good, bad + 1) if denied else (good + 1, bad)
            elif word in _BAD:
                good, bad = (good, bad) if denied else (good, bad + 1)
    # Thin evidence pulls towards zero.
    score = round((good - bad) / (good + bad + 3), 2)
    if good >= 3 and bad >= 3 and abs(score) < 0.35:
        return Sentiment(label="mixed", score=score)
    return Sentiment(label="positive" if score > 0.2 else "negative" if score < -0.2 else "neutral", score=score)


def _opening(given: CallInput, topics: list[str]) -> str:
    shares = talk_shares(given.transcript)
    if shares:
        told = ", ".join(f"{s.name} {s.share:.0%}" for s in shares[:6])
        who = f"Call with {len(shares)} speaker{'s' if len(shares) != 1 else ''} ({told})"
    else:
        who = "Call without speaker labels"
    if given.transcript.duration_seconds and given.transcript.duration_seconds >= 60:
        who += f", about {round(given.transcript.duration_seconds / 60)} min"
    return f"{who}, about {', '.join(topics[:4])}." if topics else f"{who}."


def _key_sentences(sentences: list[str], language: str) -> list[str]:
    """Return three telling sentences; questions and very short or long ones tell little."""
    fit = [s for s in sentences if 5 <= len(s.split()) <= 40 and not s.endswith("?") and not _POLITE.match(s)]
    picked = prose.key_sentences(fit[:3000], 3, language)
    return [s if s.endswith((".", "!", "…")) else f"{s}." for s in picked]


def _counts(decisions: int, follow_ups: int, questions: int) -> str:
    def told(n: int, word: str) -> str:
        return f"{n} {word}{'' if n == 1 else 's'}"

    return f"{told(decisions, 'decision')}, {told(follow_ups, 'follow-up')}, {told(questions, 'open question')}."
