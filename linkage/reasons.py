"""Why a file, a row or a value was not taken: closed sets, one English sentence each, never a value.

Three levels, as the national portals do it (NHS England, CSDS "Handling rejects and warning messages"): a file that is
refused whole, a row that is rejected while the others go on, and a value that is set aside with a warning.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType


class FileReason(StrEnum):
    """Why a whole file is refused; nothing of it is stored."""

    FILE_UNREADABLE = "file_unreadable"
    FILE_EMPTY = "file_empty"
    NO_RECORDS = "no_records"
    NOT_DECLARED_FORMAT = "not_declared_format"
    UNKNOWN_FORMAT = "unknown_format"
    COMPRESSION_UNSUPPORTED = "compression_unsupported"
    ENCODING_UNKNOWN = "encoding_unknown"
    ENCODING_WRONG = "encoding_wrong"
    NUL_BYTES = "nul_bytes"
    MIXED_LINE_ENDS = "mixed_line_ends"
    LINE_TOO_LONG = "line_too_long"
    HEADER_MISSING = "header_missing"
    HEADER_UNREADABLE = "header_unreadable"
    COLUMN_DUPLICATE = "column_duplicate"
    COLUMN_MISSING = "column_missing"
    COLUMN_NESTED = "column_nested"
    COLUMN_TYPE = "column_type"
    WRONG_DELIMITER = "wrong_delimiter"
    RUNAWAY_QUOTE = "runaway_quote"
    TOO_MANY_BAD_ROWS = "too_many_bad_rows"
    GZIP_TRUNCATED = "gzip_truncated"
    GZIP_CORRUPT = "gzip_corrupt"
    EXPANDS_TOO_FAR = "expands_too_far"
    PARQUET_CORRUPT = "parquet_corrupt"
    WORKBOOK_CORRUPT = "workbook_corrupt"
    WORKBOOK_ENCRYPTED = "workbook_encrypted"
    WORKBOOK_OLD = "workbook_old"
    WORKBOOK_TOO_LARGE = "workbook_too_large"
    SHEET_MISSING = "sheet_missing"
    FORMULA_CELLS = "formula_cells"
    FILE_CHANGED = "file_changed"
    ENCODED_DAMAGED = "encoded_damaged"
    ENCODED_ELSEWHERE = "encoded_elsewhere"
    ENCODED_OTHER_SPEC = "encoded_other_spec"


class RowReason(StrEnum):
    """Why one row is rejected; the rest of the file goes on."""

    MISSING_RECORD_ID = "missing_record_id"
    DUPLICATE_RECORD_ID = "duplicate_record_id"
    RAGGED_ROW = "ragged_row"
    BAD_QUOTING = "bad_quoting"
    UNDECODABLE = "undecodable"
    REQUIRED_MISSING = "required_missing"
    NO_IDENTIFIERS = "no_identifiers"
    FIELD_TOO_LONG = "field_too_long"
    CONTROL_CHARACTERS = "control_characters"
    HEADER_AGAIN = "header_again"
    OPTED_OUT = "opted_out"


class Reason(Enum):
    """Why one value is set aside (or kept with a warning). Not a `str`, so it cannot be taken for a value."""

    NOT_ASCII_DIGITS = "not_ascii_digits"
    NHS_NUMBER_FORM = "nhs_number_form"
    UPN_FORM = "upn_form"
    CHECK_FAILED = "check_failed"
    REPEATED_DIGITS = "repeated_digits"
    UPRN_FORM = "uprn_form"
    HIDDEN_CHARACTERS = "hidden_characters"
    FORMULA = "formula"
    TOO_LONG = "too_long"
    PLACEHOLDER = "placeholder"
    NOT_A_NAME = "not_a_name"
    TWO_DIGIT_YEAR = "two_digit_year"
    DATE_FORM = "date_form"
    DATE_IMPOSSIBLE = "date_impossible"
    DATE_IMPLAUSIBLE = "date_implausible"
    POSTCODE_FORM = "postcode_form"
    POSTCODE_PSEUDO = "postcode_pseudo"
    ADDRESS_FORM = "address_form"
    TELEPHONE_FORM = "telephone_form"
    EMAIL_FORM = "email_form"
    CODE_UNKNOWN = "code_unknown"
    NUMBER_FORM = "number_form"
    OUT_OF_RANGE = "out_of_range"
    ORGANISATION_FORM = "organisation_form"
    STATUS_UNKNOWN = "status_unknown"
    EVENT_WITHOUT_DATE = "event_without_date"
    EVENT_WITHOUT_PERSON = "event_without_person"
    ENDS_BEFORE_START = "ends_before_start"


FILE_SENTENCES: Mapping[FileReason, str] = MappingProxyType(
    {
        FileReason.FILE_UNREADABLE: "The file cannot be opened. Check that it exists and that it may be read.",
        FileReason.FILE_EMPTY: "The file is empty. Export it again.",
        FileReason.NO_RECORDS: "The file has a header and no records. If nobody was seen, send no file.",
        FileReason.NOT_DECLARED_FORMAT: (
            "The file is not in the format that the spec declares. Correct `file: format` or export it again."
        ),
        FileReason.UNKNOWN_FORMAT: "The file is not CSV, Parquet or XLSX. Export it as CSV in UTF-8.",
        FileReason.COMPRESSION_UNSUPPORTED: "Only gzip is read. Unpack the file, or compress it with gzip.",
        FileReason.ENCODING_UNKNOWN: (
            "The character encoding cannot be told. Save the file as UTF-8, or say `file: encoding` in the spec."
        ),
        FileReason.ENCODING_WRONG: (
            "Too much of the file cannot be read in its encoding. Save it as UTF-8, or correct `file: encoding`."
        ),
        FileReason.NUL_BYTES: "The file holds NUL characters, so it is damaged or not text. Export it again.",
        FileReason.MIXED_LINE_ENDS: "Lines end in different ways within the file. Export it again in one piece.",
        FileReason.LINE_TOO_LONG: "A line is longer than the limit. Look for a missing line end or a pasted document.",
        FileReason.HEADER_MISSING: "The first row holds none of the spec's columns. Send the file with its header row.",
        FileReason.HEADER_UNREADABLE: "The header row cannot be read. Export the file again.",
        FileReason.COLUMN_DUPLICATE: "Two columns carry the same name. Give each column its own.",
        FileReason.COLUMN_MISSING: (
            "Columns that the spec names are not in the file. Correct the export, or the names in the spec."
        ),
        FileReason.COLUMN_NESTED: "A column holds lists or records. Flatten it to one value for each row.",
        FileReason.COLUMN_TYPE: "A column's type is not text, number, date or boolean.",
        FileReason.WRONG_DELIMITER: "Another delimiter is used than the spec declares. Correct `file: delimiter`.",
        FileReason.RUNAWAY_QUOTE: (
            "A quotation mark opens and swallows the rows after it. Double or remove it, or export again."
        ),
        FileReason.TOO_MANY_BAD_ROWS: (
            "Too many rows do not have the header's number of fields. The export or the delimiter is wrong."
        ),
        FileReason.GZIP_TRUNCATED: "The gzip file ends too early: the transfer was cut. Send it again.",
        FileReason.GZIP_CORRUPT: "The gzip file is damaged. Compress and send it again.",
        FileReason.EXPANDS_TOO_FAR: "The file unpacks to far more than an extract would. It was not opened further.",
        FileReason.PARQUET_CORRUPT: "The Parquet file is cut or damaged. Write it again.",
        FileReason.WORKBOOK_CORRUPT: "The workbook is damaged or is not XLSX. Save it again, or send CSV.",
        FileReason.WORKBOOK_ENCRYPTED: "The workbook is protected by a password. Save it without one.",
        FileReason.WORKBOOK_OLD: "The workbook is in the old XLS form. Save it as XLSX or CSV.",
        FileReason.WORKBOOK_TOO_LARGE: (
            "The workbook needs more memory or time than allowed; a cell far outside the table does this. Send CSV."
        ),
        FileReason.SHEET_MISSING: "The sheet that the spec names is not in the workbook. Correct `file: sheet`.",
        FileReason.FORMULA_CELLS: "Cells hold formulas instead of values. Copy the sheet and paste it as values.",
        FileReason.ENCODED_DAMAGED: "The encoded file is damaged, altered or cut off. Send it again.",
        FileReason.ENCODED_ELSEWHERE: (
            "The file was encoded under other keys than this service's. Encode it with this service's bundle."
        ),
        FileReason.ENCODED_OTHER_SPEC: (
            "The file was encoded by another spec than the one given. Use the spec that it was encoded with."
        ),
        FileReason.FILE_CHANGED: "The file changed while it was being read. Wait until it is complete and start again.",
    }
)

ROW_SENTENCES: Mapping[RowReason, str] = MappingProxyType(
    {
        RowReason.MISSING_RECORD_ID: "The record id is empty.",
        RowReason.DUPLICATE_RECORD_ID: "Another row of this file has the same record id.",
        RowReason.RAGGED_ROW: "The row has more or fewer fields than the header.",
        RowReason.BAD_QUOTING: "Text follows a closing quotation mark; double the marks inside a quoted field.",
        RowReason.UNDECODABLE: "The row holds bytes that are not text in the file's encoding.",
        RowReason.REQUIRED_MISSING: "A column that the spec requires is empty.",
        RowReason.NO_IDENTIFIERS: "Nobody in the row has any identifier.",
        RowReason.FIELD_TOO_LONG: "A field is longer than the limit.",
        RowReason.CONTROL_CHARACTERS: "The row holds control characters, or its record id hidden ones.",
        RowReason.HEADER_AGAIN: "The row repeats the header: several files were put one behind another.",
        RowReason.OPTED_OUT: "The person has opted out of leaving this provider (Type 1); nothing of the row is kept.",
    }
)

SENTENCES: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.NOT_ASCII_DIGITS: "Digits are not 0 to 9.",
        Reason.NHS_NUMBER_FORM: "An NHS number is ten digits, or 3-3-4 with single spaces or hyphens.",
        Reason.UPN_FORM: "A UPN is a letter and twelve digits; a temporary one ends in a letter.",
        Reason.CHECK_FAILED: "The check digit or letter does not fit.",
        Reason.REPEATED_DIGITS: "One digit ten times is a filler, not a number.",
        Reason.UPRN_FORM: "A UPRN is up to twelve digits.",
        Reason.HIDDEN_CHARACTERS: "The value holds control, direction or zero-width characters.",
        Reason.FORMULA: "The value begins like a spreadsheet formula.",
        Reason.TOO_LONG: "The value is longer than its kind ever is.",
        Reason.PLACEHOLDER: "The value stands for 'not known'; it counts as missing.",
        Reason.NOT_A_NAME: "The value holds no letter.",
        Reason.TWO_DIGIT_YEAR: "A year needs four digits.",
        Reason.DATE_FORM: "The value is not a date in the forms accepted.",
        Reason.DATE_IMPOSSIBLE: "No such day exists.",
        Reason.DATE_IMPLAUSIBLE: "The date is before 1900 or in the future; it was kept.",
        Reason.POSTCODE_FORM: "The value is not a UK postcode (say `format: any` for others).",
        Reason.POSTCODE_PSEUDO: "The postcode stands for no fixed abode or not known; it counts as missing.",
        Reason.ADDRESS_FORM: "The value holds no letter or digit.",
        Reason.TELEPHONE_FORM: "The value is not a telephone number.",
        Reason.EMAIL_FORM: "The value is not an e-mail address.",
        Reason.CODE_UNKNOWN: "The code is not in the spec's list; it was dropped.",
        Reason.NUMBER_FORM: "The value is not a number of the declared type.",
        Reason.OUT_OF_RANGE: "The number is outside the range that the spec allows.",
        Reason.ORGANISATION_FORM: "The value is not an organisation code; the provider stands in.",
        Reason.STATUS_UNKNOWN: "The status code is not in the spec's list; the event was dropped.",
        Reason.EVENT_WITHOUT_DATE: "The event has no usable date; it was dropped.",
        Reason.EVENT_WITHOUT_PERSON: "The event's person has no identifier in this row; it was dropped.",
        Reason.ENDS_BEFORE_START: "The end is before the start; the end was dropped.",
    }
)


def sentence(code: str) -> str:
    """The English sentence of any code of a file, row or value; the code itself when there is none."""
    rows_and_files = {reason.value: text for reason, text in (*FILE_SENTENCES.items(), *ROW_SENTENCES.items())}
    return (rows_and_files | {reason.value: text for reason, text in SENTENCES.items()}).get(code, code)
