"""The text of a PDF from standard input, as UTF-8 on standard output: a process of its own, since a hostile PDF may hang or eat memory.

Exit status 3: not a PDF that can be read; standard error then has one line saying why. 4: pypdf is not installed. Wart: text painted in the paper's colour is text.
"""

import io
import logging
import resource
import sys

MEMORY_BYTES = 1_000_000_000
PROCESSOR_S = 60
MAX_PAGES = 2_000
MAX_CHARACTERS = 5_000_000


def main() -> int:
    """Read, extract, write."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    logging.disable(logging.CRITICAL)
    try:
        text = extract(sys.stdin.buffer.read())
    except ModuleNotFoundError:
        return 4
    except Exception as error:  # noqa: BLE001 - a damaged PDF makes pypdf raise anything
        sys.stderr.write(f"{type(error).__name__}: {error}"[:300])
        return 3
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    return 0


def extract(body: bytes) -> str:
    """Return the text of the PDF `body`, pages parted by an empty line; raises whatever pypdf raises, ValueError for one that is too large."""
    from pypdf import PdfReader  # noqa: PLC0415 - its absence is to be told like any other failure

    reader = PdfReader(io.BytesIO(body))
    if reader.is_encrypted and not reader.decrypt(""):
        raise ValueError("it needs a password")
    if len(reader.pages) > MAX_PAGES:
        raise ValueError(f"more than {MAX_PAGES:,} pages")
    pages: list[str] = []
    for page in reader.pages:
        pages.append(page.extract_text())
        if sum(map(len, pages)) > MAX_CHARACTERS:
            raise ValueError(f"more than {MAX_CHARACTERS:,} characters")
    return "\n\n".join(pages)


if __name__ == "__main__":
    sys.exit(main())
