"""The condition language of JSON rules: texts such as `rsi(14) < 30 and volume > 2 * sma(volume, 20)`.

    condition   := conjunction {"or" conjunction}
    conjunction := negation {"and" negation}
    negation    := "not" negation | comparison
    comparison  := sum {("<" | "<=" | ">" | ">=" | "==" | "!=") sum}          a < b < c means a < b and b < c
    sum         := product {("+" | "-") product}
    product     := factor {("*" | "/") factor}
    factor      := "-" factor | atom
    atom        := NUMBER | COLUMN | CALL | "(" condition ")"
    COLUMN      := open | high | low | close | volume
    CALL        := NAME "(" [condition {"," condition}] ")" ["." OUTPUT]

Letter case and white space mean nothing. Numbers and truths are different things: arithmetic and comparisons take numbers, `and or not` take
truths, and a condition is a truth that depends on the bars. Calls (`functions.py`): indicators, whose first argument may be any
expression of numbers and is the close where it is left out, as in `sma(volume, 20)` and `rsi(14)`; several columns have names, as in
`macd(12, 26, 9).signal`; `shift(x, n)` is x of n > 0 bars earlier; `crosses_above(a, b)`: a was at or below b and is above it
now; `crosses_below` the other way.

A value that does not exist (not warm yet, divided by zero) makes what depends on it unknown, `not` included, and what is unknown is
no signal: three-valued logic as in SQL (Kleene, Introduction to Metamathematics, 1952, section 64).
"""
