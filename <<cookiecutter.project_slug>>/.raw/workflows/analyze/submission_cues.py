"""The phrases that speak for a category, with their weight, in English, German, French and Spanish.

Phrases rather than words: "a job that fails every night" is no application. A weight of 3 decides alone.
"""

# ruff: noqa: E501 - a family of phrases stays on one line

from __future__ import annotations

import re

from submission_models import Category

_CUES: dict[Category, tuple[tuple[float, str], ...]] = {
    "job": (
        (3, r"(?:apply|applying|application) (?:for|to) (?:the|your|a|an|this) (?:[\w-]+ ){0,4}?(?:position|role|job|vacancy|post|opening|internship)"),
        (3, r"(?:my|attached|enclosed) (?:c\.?v|résumé|resume|curriculum vitae)\b|cover letter"),
        (3, r"\bbewerb(?:e mich|ung (?:als|um|für))|\bmeine bewerbung|\blebenslauf|stellenanzeige|ausbildungsplatz|praktikumsplatz"),
        (3, r"\b(?:ma|mon) (?:candidature|c\.?v)\b|lettre de motivation|\bmi (?:currículum|candidatura|c\.?v)\b|oferta de (?:empleo|trabajo)|offre d'emploi"),
        (2, r"(?:are you|is your company|do you) (?:currently )?hir(?:e|ing)\b|job (?:opening|advert|posting|opportunit\w+)|open positions?|vacanc(?:y|ies)|internship"),
        (1.5, r"suchen sie (?:noch )?(?:mitarbeiter|verstärkung)|offene stellen?|initiativbewerbung|postuler|busco (?:trabajo|empleo)"),
    ),
    "billing": (
        (2, r"\binvoices?\b|\bbilling\b|\brechnung(?:en|s\w+)?\b|\bfactur(?:e|es|a|as)\b|\bfattura\b|\bfactuur\b"),
        (2.5, r"(?:charged|billed|debited|paid|abgebucht|belastet) (?:me |us )?(?:twice|double|doppelt|zweimal|again|the wrong)|double charge|doppelt (?:abgebucht|berechnet|bezahlt)"),
        (2, r"\b(?:refund|reimburse\w*|chargeback|credit note|rückerstattung|erstattung|gutschrift|geld zurück|remboursement|rembourser|reembolso|devolución del dinero)\b"),
        (1.5, r"\bpayment (?:failed|declined|method|terms|reminder|is due)|\bdirect debit|credit card|\bvat\b|\bust-?id|\bmahnung|zahlung|lastschrift|überweis\w+|paiement|pago\b|\biban\b"),
        (1.5, r"(?:cancel|kündig\w+|résilier|cancelar)\b.{0,40}(?:subscription|abo(?:nnement)?\b|vertrag|plan\b|abonnement|suscripción)"),
        (1, r"\b(?:charged?|overcharged|receipt|quittung|tarif)\b"),
    ),
    "support": (
        (2, r"(?:does(?:n'?t| not)|won'?t|will not|stopped|no longer|not) (?:work|load|open|start|sync|connect|respond|print|charge|turn on|working|loading|opening)"),
        (2, r"\b(?:error (?:message|code|\d+)|exception|stack ?trace|crash(?:es|ed|ing)?|bug|freez\w+|timeouts?|http [45]\d\d)\b|\b(?:500|502|503|504) (?:error|response)"),
        (2, r"(?:can(?:'?t|not)|unable to|could not|couldn'?t) (?:[\w']+ ){0,2}?(?:log ?in|sign ?in|access|reset|connect|download|upload|install|open|find|update|change)"),
        (2, r"funktioniert (?:[\wäöüß]+ ){0,3}?nicht|geht (?:[\wäöüß]+ ){0,2}?nicht|lässt sich nicht|fehlermeldung|stürzt (?:[\wäöüß]+ )?ab|anmelden (?:geht|klappt) nicht|komme nicht (?:mehr )?(?:rein|in)|störung"),
        (2, r"ne (?:fonctionne|marche) (?:plus|pas)|message d'erreur|en panne|no (?:funciona|puedo (?:entrar|acceder|iniciar))|mensaje de error|non funziona|werkt niet"),
        (1.5, r"how (?:do|can|to) (?:i |we )?(?:[\w']+ )?(?:reset|change|export|import|configure|set up|install|connect|delete|use)|wie kann ich|comment (?:puis-je|faire)|cómo puedo"),
        (1.5, r"\b(?:outage|is down|are down|went down|cron ?job|deployment fail\w*|api key|webhook|password|passwort|mot de passe|contraseña)\b"),
        (1.5, r"\b(?:broken|damaged|defective|faulty|cracked|arrived (?:broken|damaged)|replacement|warranty|defekt|kaputt|beschädigt|ersatz(?:teil|lieferung)?|garantie|cassé|roto)\b"),
        (1.5, r"(?:where is my|track my|has(?:n'?t| not)(?: yet)? arrived|not (?:yet )?(?:been )?(?:delivered|received|arrived))|wo (?:ist|bleibt) mein\w*|nicht (?:angekommen|geliefert)|sendungs\w+"),
        (0.5, r"\bhelp\b|\bhilfe\b|\baide\b|\bayuda\b|\bproblem\w*"),
    ),
    "sales": (
        (2.5, r"\b(?:quote|quotation|price list|pricing|bulk (?:order|discount)|volume discount|demo|free trial|angebot|preisliste|kostenvoranschlag|mengenrabatt|devis|presupuesto|offerte|preventivo)\b"),
        (2, r"(?:interested in|would like|want|looking) to (?:buy|purchase|order|upgrade|try|book a demo)|interested in (?:your|the) (?:[\w-]+ ){0,3}?(?:product|service|plan|software|offer|solution|platform)"),
        (2, r"(?:how much|what) (?:does|do|would|is|are) (?:[\w-]+ ){0,5}?(?:cost|price|charge)|was kostet|wie viel kostet|combien coûte|cuánto cuesta|quanto costa"),
        (2, r"interess(?:e an|iere\w* (?:mich|uns) für|iert an)|(?:kaufen|bestellen) möchte|möchte(?:n)? (?:[\wäöüß]+ ){0,5}?(?:kaufen|bestellen)|nous (?:souhaitons|aimerions) (?:acheter|commander)|queremos comprar"),
        (1.5, r"\b(?:licen[cs]es?|seats|enterprise plan|contact sales|sales team|reseller|procurement|rfp|tender|ausschreibung|lizenzen)\b"),
        (1, r"\bdo you (?:ship|deliver|offer|sell|support)\b|liefern sie|livrez-vous|\b\d{2,6} (?:units|pieces|users|licen[cs]es|seats|stück|mitarbeiter|employees)\b"),
    ),
    "complaint": (
        (3, r"\b(?:unacceptable|outrageous|disgrac\w+|appalling|terrible service|worst (?:service|experience|company)|formal complaint|beschwerde|unverschämt\w*|inakzeptabel|frechheit|réclamation|inadmissible|inaceptable|queja formal|reclamo)\b"),
        (2.5, r"(?:i|we) (?:want|wish|would like|have) to (?:make a complaint|complain)|(?:very|extremely|deeply|so|really) (?:disappointed|unhappy|dissatisfied|angry|frustrated|upset)|fed up|sick of"),
        (2.5, r"(?:third|fourth|fifth|3rd|4th|5th|umpteenth) (?:time|e-?mail|call|attempt|reminder)|(?:zum|das) (?:dritten|vierten|x-ten)(?: mal)?|troisième fois|tercera vez"),
        (2, r"(?:nobody|no one|no-one) (?:has )?(?:ever )?(?:answer\w*|repl\w+|respond\w*|care\w*|call\w*)|still (?:no|waiting for|haven'?t (?:had|received|heard))|ignored (?:me|us|my|all)|niemand (?:meldet|antwortet|reagiert)|immer noch (?:keine?|nicht)"),
        (2, r"\b(?:lawyer|solicitor|attorney|legal action|ombudsman|small claims|consumer (?:protection|rights|agency)|anwalt|rechtliche schritte|verbraucherzentrale|avocat|abogado|never (?:again|buy|order))\b|one star|bad review"),
        (1.5, r"\b(?:rude|unhelpful|incompetent|misled|lied|scammed|ripped off|rip-?off|enttäuscht|verärgert|unfreundlich|unzufrieden|déçue?|mécontente?|decepcionad[oa]|insatisfech[oa]|enfadad[oa])\b"),
    ),
    "partnership": (
        (2.5, r"\b(?:partnership|partner with (?:you|your)|joint venture|affiliate program|collaborat(?:e|ion) (?:with|between|on)|kooperation(?:sanfrage|spartner)?|partnerschaft|partenariat|colaboración)\b"),
        (2, r"(?:press|media) (?:enquiry|inquiry|request)|journalist|sponsor(?:ship|ing)?\b|presseanfrage|speaker at (?:our|the)"),
    ),
    "feedback": (
        (2.5, r"(?:just )?(?:wanted|want|writing) to (?:say|thank|let you know (?:how|that i))|keep up the (?:good|great) work|(?:great|excellent|fantastic|wonderful|amazing) (?:service|product|job|team|support|work)"),
        (2, r"\b(?:feature request|suggestion|would be (?:nice|great|helpful) if|it would help if|idea for|feedback|verbesserungsvorschlag|anregung|vorschlag|wäre (?:schön|toll|super), wenn|lob\b|suggestion|sugerencia)\b"),
        (1.5, r"\b(?:love (?:your|the|this)|very happy with|delighted|impressed|sehr zufrieden|begeistert|très satisfaite?|muy content[oa])\b"),
    ),
    "privacy": (
        (3, r"\bgdpr\b|\bdsgvo\b|\bccpa\b|\brgpd\b|right to (?:erasure|be forgotten|access)|subject access request|data protection officer|auskunft nach art|datenschutzbeauftragt\w*"),
        (2.5, r"(?:delete|erase|remove|lösch\w+|supprimer|eliminar|borrar) (?:all )?(?:of )?(?:my|meine?r?|mes|mis) (?:[\wäöüß]+ ){0,2}?(?:data|account|personal|information|daten|konto|données|compte|datos|cuenta)"),
        (2, r"unsubscribe (?:me|from)|stop (?:sending|e-?mailing) me|remove me from|vom newsletter abmelden|keine werbung mehr"),
    ),
    "spam": (
        (3, r"\b(?:seo|search engine optimi[sz]ation|back ?links?|guest post(?:s|ing)?|domain authority|link building|rank(?:ing)? (?:on|in) (?:the )?(?:first page|google)|first page of google)\b"),
        (3, r"\b(?:viagra|cialis|casino|betting site|forex|crypto (?:investment|trading)|bitcoin (?:investment|profit)|double your (?:money|investment)|payday loan|porn|escort|replica watches)\b"),
        (3, r"\b(?:inheritance fund|million (?:us )?dollars|next of kin|beneficiary|lottery winner|you(?:'ve| have) won|claim your (?:prize|reward)|western union|prince of)\b"),
        (2, r"(?:increase|boost|grow) your (?:traffic|sales|ranking|followers|revenue|visibility)|(?:cheap|affordable) (?:web(?:site)? (?:design|development)|app development)|100% (?:free|guaranteed)|act now|limited time offer|click (?:here|the link|below)|risk[- ]free"),
        (1.5, r"i (?:was|came) (?:just )?(?:browsing|across|visiting) your (?:web ?)?site|(?:web|app) (?:design|development) (?:company|services?|agency) (?:in|from|based)|dear (?:sir ?/ ?madam|webmaster|website owner|business owner|friend)"),
        (2, r"\b(?:bit\.ly|tinyurl\.com|t\.me|goo\.gl)/|https?://\S+\.(?:xyz|top|click|loan|win|icu)\b"),
    ),
}  # fmt: skip

CUES: dict[Category, tuple[tuple[float, re.Pattern[str]], ...]] = {
    category: tuple((weight, re.compile(pattern, re.I)) for weight, pattern in cues) for category, cues in _CUES.items()
}

FORM_HINTS: tuple[tuple[re.Pattern[str], Category], ...] = (
    (re.compile(r"career|job|apply|application|bewerb|karriere|vacanc|empleo", re.I), "job"),
    (re.compile(r"support|help|ticket|service-?desk|hilfe", re.I), "support"),
    (re.compile(r"sales|demo|quote|pricing|angebot|vertrieb", re.I), "sales"),
    (re.compile(r"billing|invoice|payment|rechnung", re.I), "billing"),
    (re.compile(r"complaint|beschwerde|reklamation", re.I), "complaint"),
    (re.compile(r"feedback|survey|umfrage", re.I), "feedback"),
    (re.compile(r"privacy|gdpr|dsgvo|datenschutz", re.I), "privacy"),
)
