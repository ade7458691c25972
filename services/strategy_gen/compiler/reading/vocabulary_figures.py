"""The words for company figures and sectors.

The value of a FIGURE row is the field of docs/fundamentals.md. The values of a SECTOR row are the canonical name; `Sector` compares by group.
"""

from services.strategy_gen.compiler.reading.vocabulary import Row

FIGURES: tuple[Row, ...] = (
    (
        "FIGURE",
        "pe_ratio",
        "p/e|pe|p/es ratio|ratios|multiple?; price to? earnings ratio|ratios|multiple?; price/earnings ratio?; trailing p/e|pe ratio?; earnings multiple; price/earnings",
    ),
    ("FIGURE", "forward_pe", "forward p/e|pe ratio?; fwd p/e|pe ratio?; forward price to? earnings ratio?"),
    ("FIGURE", "peg_ratio", "peg ratio?; price earnings to growth ratio?"),
    ("FIGURE", "pb_ratio", "p/b|pb|p/bv ratio?; price to? book ratio|value?; price/book ratio?"),
    ("FIGURE", "ps_ratio", "p/s|ps ratio?; price to? sales ratio?; price/sales ratio?"),
    (
        "FIGURE",
        "market_cap",
        "market|mkt cap|caps|capitalization|capitalisation|value; marketcap; capitalization|capitalisation",
    ),
    ("FIGURE", "eps", "eps; earnings per share"),
    ("FIGURE", "dividend_yield", "dividend|dividends yield|yields; yield"),
    (
        "FIGURE",
        "debt_to_equity",
        "debt to|over|/ equity ratio|ratios?; debt/equity ratio?; d/e ratio?; debt equity ratio?; de ratio; leverage ratio; debt to equity",
    ),
    ("FIGURE", "return_on_equity", "return on equity; roe"),
    ("FIGURE", "return_on_assets", "return on assets; roa"),
    ("FIGURE", "profit_margin", "profit margin|margins; net profit? margin|margins"),
    ("FIGURE", "operating_margin", "operating profit? margin|margins"),
    ("FIGURE", "current_ratio", "current ratio"),
    ("FIGURE", "beta", "beta"),
    ("FIGURE", "revenue_growth", "revenue|sales growth; growth in revenue|sales; revenues growth"),
    ("FIGURE", "earnings_growth", "earnings|profit|eps growth; growth in earnings|profit|profits"),
    ("FIGURE", "revenue", "revenue|revenues; annual? sales"),
    ("FIGURE", "net_income", "net income|profit; earnings"),
    ("FIGURE", "free_cash_flow", "free cash flow; fcf"),
    ("FIGURE", "ebitda", "ebitda"),
    ("FIGURE", "ev_to_ebitda", "ev/ebitda ratio?; ev to ebitda"),
    ("FIGURE", "total_debt", "total debt"),
    ("FIGURE", "total_cash", "total cash"),
)

PERCENT_FIGURES = frozenset(
    {
        "dividend_yield",
        "profit_margin",
        "operating_margin",
        "return_on_assets",
        "return_on_equity",
        "revenue_growth",
        "earnings_growth",
    }
)
"""Figures whose field is in percent: "above 3 %" is 3.0, not 0.03."""

MONEY_FIGURES = frozenset(
    {"market_cap", "revenue", "net_income", "free_cash_flow", "ebitda", "total_debt", "total_cash", "eps"}
)

POSITIVE_FIGURES: dict[str, str] = {
    "pe_ratio": "a loss has no P/E",
    "forward_pe": "a loss has no P/E",
    "peg_ratio": "a loss has no PEG",
    "pb_ratio": "a negative book value is not cheap",
    "ps_ratio": "without sales there is no P/S",
    "ev_to_ebitda": "a loss has no EV/EBITDA",
}
"""Ratios of which a small one is good and one below 0 is not, with the reason: "under 15" also demands above 0."""

VALUE_FIGURES = frozenset(
    {"pe_ratio", "forward_pe", "peg_ratio", "pb_ratio", "ps_ratio", "ev_to_ebitda", "dividend_yield"}
)
"""Figures that tell whether a stock is cheap."""

_SECTORS: dict[str, str] = {
    "Technology": "technology|tech; information technology; it stocks",
    "Health Care": "healthcare; health care",
    "Financials": "financial|financials; financial services; finance",
    "Consumer Discretionary": "consumer discretionary|cyclical|cyclicals",
    "Consumer Staples": "consumer staples|defensive; staples",
    "Industrials": "industrial|industrials",
    "Energy": "energy",
    "Utilities": "utility|utilities",
    "Materials": "materials; basic materials",
    "Real Estate": "real estate; reits",
    "Communication Services": "communication|communications services|service?; telecommunication|telecommunications|telecom services?",
}

SECTORS: tuple[Row, ...] = (
    *(("SECTOR", name, spellings) for name, spellings in _SECTORS.items()),
    ("SECTORWORD", "sector", "sector|sectors|industry; in|from the? sector; sector is; belongs to the?"),
)
