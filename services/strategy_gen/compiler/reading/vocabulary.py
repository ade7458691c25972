"""The words that give a sentence its structure: what to do, when, how things compare, how long, and words that add no meaning.

A row is `kind, value, spellings`. In a spelling `a|b` are alternatives for one word and a trailing `?` makes a word optional.
A word that is in no row is not understood; nothing is skipped because it is unknown.
"""

Row = tuple[str, str, str]

ACTIONS: tuple[Row, ...] = (
    (
        "BUY",
        "buy",
        "buy|buys|buying|purchase|long; i? want|like|wish to buy|purchase; i would|'d like to buy|purchase; i'd like to buy",
    ),
    (
        "BUY",
        "buy",
        "go|goes|going|enter|enters|get|open|take|be|stay long; open|enter|take|start a? long? position|trade; enter|enters|entry",
    ),
    (
        "BUY",
        "buy",
        "get in; buy in; buy the dip|dips; buy signal; enter the market; i will buy; i'll buy; let 's buy; open|enter a long",
    ),
    (
        "SELL",
        "sell",
        "sell|sells|selling|exit|exits|exiting; i? want to sell; sell signal; i would|'d like to sell; i'd like to sell",
    ),
    (
        "SELL",
        "sell",
        "close|exit|leave|sell|liquidate|end the|my|a? long? position|positions|trade; get|getting out; close out; exit long; close long; sell it|everything|all",
    ),
    (
        "SELL",
        "sell",
        "i will sell; i'll sell; let 's sell; liquidate; exit the market; sell the? position; leave",
    ),
    (
        "FIND",
        "find",
        "find|list|identify|screen|scan|show|filter|display; find|show|give|get|list me; screen|scan|look|search|filter for",
    ),
    (
        "FIND",
        "find",
        "i? want to find|see|screen; i'm|i'm looking for; i am looking for; looking for; search; i would like to see|find; tell me which; find out which; pick|select",
    ),
    (
        "ALERT",
        "alert",
        "alert|notify|tell|warn|inform|ping|message|signal me|us; alert; notify; let me|us know; send me? an|a? alert|notification|message; give me an|a alert|notification|warning|signal; i want to be alerted|notified|told; i want an alert; set|create|trigger an? alert; raise an alert; watch|monitor|track; keep an eye on",
    ),
    (
        "HOLD",
        "hold",
        "hold|keep|holding|keeping it|them|the? position|stock?; hold|keep; stay in; hold on; hold long; stay invested; keep the? position open; hold each position",
    ),
)

JOINTS: tuple[Row, ...] = (
    (
        "WHEN",
        "when",
        "when|if|whenever|once|while|where; as soon as; every|each time; any time; anytime; in case; as long as; only when|if; provided that; on condition that; given that; every time that; the moment; on days when|where",
    ),
    ("AFTER", "after", "after; following"),
    (
        "WITH",
        "with",
        "with|whose|having|that|who|showing; along|together with; accompanied by; that have|has|are|is|show|shows",
    ),
    ("WITH", "on", "on|using|use|add|apply"),
    ("WHICH", "which", "which|what; which|that have|has|are|is; what are"),
    ("UNLESS", "unless", "unless; except when|if"),
    ("WITHOUT", "without", "without; with no"),
    (
        "AND",
        "and",
        "and|but|&|also; and also; as well as; but also; in addition to; while also; but only if|when; and only if|when; and at the same time; at the same time; yet; and that; &&",
    ),
    ("OR", "or", "or; or else; or when|if; or alternatively; ||"),
    ("THEN", "then", "then; and then; ->"),
    ("NEITHER", "neither", "neither"),
    ("NOR", "nor", "nor"),
    ("EITHER", "either", "either; any of; one of; at least one of"),
    (
        "NOT",
        "not",
        "not|isn't|aren't|no|don't|doesn't|hasn't|haven't|wasn't|never|didn't|isnt|doesnt; is|are|was|does|do|has|have not; is|are no longer; it is not true|the that?|case?; has|have not been",
    ),
)

COMPARISONS: tuple[Row, ...] = (
    (
        "OP",
        ">",
        "above|over|exceeds|exceeding|exceed|exceeded|> ; more|greater|higher|larger|bigger than; in excess of; stays|stay|remains|remain|holds|hold|staying|remaining|holding above|over",
    ),
    (
        "OP",
        ">=",
        "at least; at minimum; a? minimum of; no|not less|lower|smaller|fewer than; >= ; => ; greater|more|larger|higher than or equal to; above|over or equal to; equal to or greater|higher|more|larger|above than?; at or above|over; greater|more|larger|higher or equal to|than",
    ),
    (
        "OP",
        "<",
        "below|under|beneath|< ; less|lower|smaller|fewer than; stays|stay|remains|remain|holds|hold|staying|remaining below|under",
    ),
    (
        "OP",
        "<=",
        "at most; at maximum; a? maximum of; no|not more|greater|higher|larger|bigger than; up to; <= ; =< ; less|lower|smaller|fewer than or equal to; below|under or equal to; equal to or less|lower|smaller|below|under than?; at or below|under; less|lower|smaller or equal to|than",
    ),
    ("OP", "==", "equals|equal|= ; == ; equal to; is equal to; exactly; is exactly"),
    ("MORE", ">=", "or more|higher|greater|better|larger|bigger|above|over|up"),
    ("MORE", ">=", "and|& up; +"),
    ("MORE", "<=", "or less|lower|smaller|fewer|below|under"),
    (
        "CROSS",
        "above",
        "cross|crosses|crossed|crossing back? up? above|over|upward|upwards; cross|crosses|crossed|crossing up|upward|upwards through|over|above; cross|crosses|crossing up|higher; crossover above; moves|moving|move|goes|go|going|gets|get|turns|pushes|push|comes|moved|went back? above|over; moves|goes|breaks up through; reclaims|reclaim",
    ),
    (
        "CROSS",
        "below",
        "cross|crosses|crossed|crossing back? down? below|under|beneath|downward|downwards; cross|crosses|crossed|crossing down|downward|downwards through|under|below; cross|crosses|crossing down|lower; crossunder; crossover below; moves|moving|move|goes|go|going|gets|get|turns|slips|slip|comes|moved|went back? below|under; moves|goes down through",
    ),
    ("CROSS", "", "cross|crosses|crossed|crossing|crossover"),
    (
        "BREAK",
        "above",
        "break|breaks|broke|breaking out? above|over; break|breaks|broke|breaking out through|of; breakout|breakouts above|over|through; break|breaks|breaking upwards|up through",
    ),
    (
        "BREAK",
        "below",
        "break|breaks|broke|breaking out|down? below|under|beneath; break|breaks|broke|breaking down through|of; breakdown|breakdowns|breakout below|under|through",
    ),
    ("BREAK", "", "break|breaks|broke|breaking; takes out; break|breaks|breaking through"),
    ("BREAKOUT", "high", "breakout|breakouts; breaks|break|breaking|broke out; upside breakout"),
    ("BREAKOUT", "low", "breakdown|breakdowns; breaks|break|breaking|broke down; downside breakout"),
    ("BETWEEN", "between", "between; in between; in|within|inside the? range of? from? between?; in|within a range of"),
    ("WITHIN", "within", "within; no more than? within"),
    (
        "MAKES",
        "new",
        "make|makes|making|made|place|hit|hits|hitting|set|sets|setting|reach|reaches|reaching|reached|print|prints|post|posts a? new?; new|fresh; at a? new",
    ),
    ("SIGN", "positive", "positive"),
    ("SIGN", "negative", "negative"),
    ("TURN", "above", "turn|turns|turning|turned|becomes|become|goes|flips|flip|goes|gets positive"),
    ("TURN", "below", "turn|turns|turning|turned|becomes|become|goes|flips|flip|gets negative"),
)

MOVES: tuple[Row, ...] = (
    (
        "MOVE",
        "up!",
        "up|higher; is|are up; closes|closed|close|trades|trading|ends|finishes|finished higher|up; moves|moved|moving|goes|going|went|go|move up|higher; higher closes",
    ),
    (
        "MOVE",
        "down!",
        "down|lower; is|are down; closes|closed|close|trades|trading|ends|finishes|finished lower|down; moves|moved|moving|goes|going|went|go|move down|lower; lower closes",
    ),
    (
        "MOVE",
        "up",
        "rises|rise|rose|rising|risen|gains|gain|gained|gaining|increases|increase|increased|increasing|climbs|climb|climbed|climbing|jumps|jump|jumped|jumping|rallies|rally|rallied|rallying|surges|surge|surged|surging|advances|advance|advanced|soars|soared|grows|grew|growing|rebounds|rebounded|bounces|bounced|appreciates",
    ),
    (
        "MOVE",
        "up",
        "trends|trending|trend up|upward|upwards|higher; has|have been? risen|gained|increased|climbed|jumped|grown; an|a? uptrend; in an? uptrend; sloping|slopes up|upward|upwards; pointing up",
    ),
    (
        "MOVE",
        "down",
        "falls|fall|fell|falling|fallen|drops|drop|dropped|dropping|declines|decline|declined|declining|decreases|decrease|decreased|decreasing|loses|lose|lost|losing|dips|dip|dipped|dipping|plunges|plunge|plunged|sinks|sank|slides|slid|slumps|slumped|crashes|crash|crashed|tumbles|tumbled|retreats|pulls|pulled back?; corrects|corrected|sells off",
    ),
    (
        "MOVE",
        "down",
        "trends|trending|trend down|downward|downwards|lower; has|have fallen|lost|dropped|declined|decreased; an|a? downtrend; in a? downtrend; sloping|slopes down|downward|downwards; pointing down",
    ),
    (
        "GAP",
        "up",
        "gap|gaps|gapped|gapping|gap's up|higher; gap|gaps up|higher at the open; a? gap up; gap ups; opens|open|opened with a gap up; upward|bullish gap; up gap",
    ),
    (
        "GAP",
        "down",
        "gap|gaps|gapped|gapping down|lower; opens|open|opened with a? gap down; gap downs; downward|bearish gap; down gap",
    ),
    ("GAP", "", "gap; opening|overnight gap; gap size"),
)

PREPOSITIONS: tuple[Row, ...] = (
    ("IN", "in", "in|during|throughout; over the? last|past|previous|prior; in the span|space of; over the? course of"),
    ("FOR", "for", "for; for the? last|past"),
    ("FOR", ">=", "for at least"),
    ("FOR", "<=", "for at most; for up to; for no more|longer than; for a maximum of"),
    ("FROM", "from", "from; off; off of; away from; from the? level? of"),
    ("OF", "of", "of"),
    ("AT", "at", "at; set at|to"),
    ("BY", "by", "by"),
    (
        "IS",
        "is",
        "is|are|was|were|be|being|been|'s|'re|becomes|become|gets|get|turns|turn|lies|sits|stands|trades|trading|trade|traded|stays|remains; has|have been; is|are trading|currently|now; currently trading",
    ),
    ("IS", "closes", "closes|closed|closing|ends|finishes"),
    ("LATER", "later", "later; afterwards; after entry|that|buying|the? fill?; after the entry"),
    ("BACK", "back", "back"),
    ("TO", "to", "to"),
    ("AGO", "ago", "ago; earlier; before"),
    ("PREV", "bar", "previous|prior|preceding; previous|prior|preceding bar|candle|candlestick|period|session 's?"),
    ("PREV", "day", "yesterday 's?; previous|prior|preceding day 's?"),
    ("LAST", "last", "last|past|trailing|latest; most recent"),
)

GUARDS: tuple[Row, ...] = (
    ("GUARD", "take_profit", "my? trade|position is? up; my? trade|position is in profit; up on the trade|position"),
    ("GUARD", "stop_loss", "my? trade|position is? down; my? trade|position is at a loss; down on the trade|position"),
    (
        "GUARD",
        "stop_loss",
        "stop loss|losses; stoploss; stop; stops; sl; hard|fixed|protective|initial stop loss?; stop out; stopped out; stop loss order; cut|limit the? losses|loss; loss|losses",
    ),
    (
        "GUARD",
        "take_profit",
        "take profit|profits; takeprofit; tp; profit target; target; price target; target profit; take profit target|order|level; profit taking; profit|gain; book profits",
    ),
    (
        "GUARD",
        "trailing_stop",
        "trailing stop loss?; trail; trail the? stop|stops; trailing stoploss; trailing sl; trailing stop order",
    ),
    ("ENTRY", "below", "below|under the|my? entry|purchase|buy|buying price|point?"),
    ("ENTRY", "above", "above|over the|my? entry|purchase|buy|buying price|point?"),
    (
        "ENTRY",
        "",
        "from|of|off the|my? entry|purchase|buying price|point?; on the? position|trade; of the? position value?",
    ),
)

FILLERS: tuple[Row, ...] = (
    (
        "NONE",
        "",
        "fast|slow|faster|slower; all of the following|these? conditions? hold|holds|apply|applies|match; all of the following; all conditions are met|true",
    ),
    (
        "NONE",
        "",
        "please|kindly|the|a|an|its|their|it's|just|simply|both|all|any|every|each|some|there|only; ' ; \" ; ` ; 's ; please can|could|would you; can|could|would|will you; for me; to me; me; i want you to; i would|'d like you to; hey; hi; hello; thanks; thank you; ok; okay; so; let 's; now; right now; currently",
    ),
    (
        "NONE",
        "",
        "there is|are|was|'s|has|have; has|have|had; does|do|did; in a row; consecutive|consecutively|straight|successive|running; occurs|occur|happens|happen|happening|forms|form|forming|appears|appear|appearing; takes place; is formed; been; see|sees",
    ),
    (
        "NONE",
        "",
        "strategy|strategies that|which|to; a strategy that|which; create|write|make|build|generate|design a strategy|rule|system that|which|to|for?; give|write|build|make me a strategy|rule|system that|which|to|for?; strategy; my strategy; trading strategy|system|rule; the? following; value of; level of; size of; in size; in value; in price; relative to; compared to|with; when compared to; the? amount of",
    ),
)

STRUCTURE = ACTIONS + JOINTS + COMPARISONS + MOVES + PREPOSITIONS + GUARDS + FILLERS
