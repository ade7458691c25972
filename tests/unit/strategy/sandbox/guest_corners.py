"""Lines a strategy may well contain, run one by one in a warm process that may open nothing."""

LINES = """
df['close'].rolling(5).apply(lambda part: part.mean(), raw=True)
df['close'].rolling('5h', min_periods=1).agg(['mean', 'std'])
df['close'].ewm(span=12, adjust=False).mean().diff().fillna(0)
df.resample('4h').agg({'open': 'first', 'high': 'max', 'low': 'min', 'close': 'last', 'volume': 'sum'})
df.resample('D')['close'].last().reindex(df.index, method='ffill')
df.groupby(df.index.date)['volume'].transform('sum')
df.groupby([df.index.hour, df['close'] > df['open']]).size().unstack(fill_value=0)
pd.cut(df['close'], bins=3, labels=['a', 'b', 'c']).astype(str).value_counts()
pd.merge_asof(df.reset_index(), df.reset_index()[['ts', 'close']], on='ts', suffixes=('', '_y'))
df.index.tz_convert('Europe/Berlin').strftime('%H:%M')
df.index.tz_convert('US/Eastern').hour
pd.to_datetime('12.03.2024', dayfirst=True)
pd.to_datetime(pd.Series(['2024-01-01', '2024-02-01'])).dt.month
datetime.strptime('05 Mar 2024', '%d %b %Y')
datetime.now().strftime('%c %x %X')
str(df), repr(df.dtypes), df.describe().to_string()
f"{df.index[0]:%d/%m/%Y} {df['close'].iloc[0]:,.2f}"
np.linalg.lstsq(np.vstack([np.arange(5.0), np.ones(5)]).T, np.arange(5.0), rcond=None)
np.fft.rfft(df['close'].to_numpy())
np.polyfit(range(10), df['close'].to_numpy()[:10], 1)
np.percentile(df['close'], [5, 95])
np.random.default_rng(3).permutation(5)
np.random.default_rng(3).multivariate_normal([0, 0], [[1, 0], [0, 1]])
np.lib.stride_tricks.sliding_window_view(df['close'].to_numpy(), 3).max(axis=1)
np.histogram2d(df['close'], df['open'], bins=3)
np.nanmedian(np.where(df['close'] > 105, np.nan, df['close']))
df['close'].rolling(10).corr(df['volume'])
df[['open', 'close']].rolling(5).cov()
df['close'].expanding().quantile(0.3)
df['close'].interpolate('linear').rank(pct=True)
df.pivot_table(index=df.index.hour, values='close', aggfunc=['mean', 'std'])
df.stack().unstack().melt().drop_duplicates().sample(2)
df.to_dict('list'), df.to_records(), df.to_numpy().tolist()
df.eval
df['close'].str
df['close'].dt
df['missing']
df.loc['nowhere']
df['close'].rolling('x')
pd.Timestamp('garbage')
pd.DataFrame({'a': [1], 'b': [1, 2]})
np.zeros(3) + np.zeros(4)
float('x')
[].pop()
"x".encode('ascii'), "é".encode('latin-1'), b'x'.decode('utf-8', 'replace')
pd.Series(['a', 'B']).str.lower().str.cat(sep='-')
pd.Series([1, None]).astype('Int64').sum()
pd.concat([df, df]).sort_index().loc['2024-01-02':'2024-01-03'].between_time('09:00', '10:00')
df['close'].asfreq('30min').ffill()
df.index.to_period('W').to_timestamp()
df['close'].where(df['close'] > 100).ffill(limit=2).pct_change(fill_method=None)
pd.Timestamp('2024-01-31') + pd.offsets.MonthEnd(1) + pd.offsets.BDay(3) + pd.Timedelta('1D')
pd.date_range('2024-01-01', periods=3, freq='W-FRI').isocalendar()
pd.Series(range(9)).rolling(3, win_type=None, center=True).sum()
pd.Series([1, 2, 3]).quantile([0.1, 0.5], interpolation='nearest')
pd.get_dummies(pd.Series(list('abca')), drop_first=True).corr()
pd.Series(list('abc')).map({'a': 1}).isna().idxmax()
"""


_TRIED = """
    try:
        {line}
    except (ImportError, OSError) as error:
        print({line!r}, error)
    except Exception:
        pass
"""


def source() -> str:
    """Return a strategy that runs every line and prints those that lacked a module or a file; their ordinary errors are fine."""
    tried = "".join(_TRIED.format(line=line) for line in LINES.strip().splitlines())
    return (
        "import numpy as np, pandas as pd\nfrom datetime import datetime\n"
        f"def generate_signals(df):{tried}    return [0] * len(df)"
    )
