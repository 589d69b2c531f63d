// SPDX-License-Identifier: PostgreSQL
//
// Items given back, as text and as JSON.
#include "pg/item.hpp"

#include <cctype>

extern "C" {
#include "catalog/namespace.h"
#include "utils/json.h"
}

namespace sketch::pg {

namespace {

// Appends what can be converted of UTF-8, from its begin on, and returns how many bytes that were.
std::size_t append_convertible(StringInfo to, const char* text, std::size_t size) {
    const int server = GetDatabaseEncoding();
    if (server == PG_SQL_ASCII) {  // takes any bytes: these may be its own
        const std::size_t kept = strnlen(text, size);
        appendBinaryStringInfo(to, text, static_cast<int>(kept));
        return kept;
    }
    const int valid = pg_encoding_verifymbstr(PG_UTF8, text, static_cast<int>(size));
    if (server == PG_UTF8) {
        appendBinaryStringInfo(to, text, valid);
        return static_cast<std::size_t>(valid);
    }
    const Oid conversion = FindDefaultConversionProc(PG_UTF8, server);
    int kept = 0;
    if (OidIsValid(conversion)) {
        const int room = valid * MAX_CONVERSION_GROWTH + 1;
        enlargeStringInfo(to, room);
        auto* end = reinterpret_cast<unsigned char*>(to->data + to->len);
        auto* from = reinterpret_cast<unsigned char*>(const_cast<char*>(text));
        kept = pg_do_encoding_conversion_buf(conversion, PG_UTF8, server, from, valid, end, room, true);
        to->len += static_cast<int>(std::strlen(to->data + to->len));
    } else {
        while (kept < valid && static_cast<unsigned char>(text[kept]) < 0x80) ++kept;
        appendBinaryStringInfo(to, text, kept);
    }
    return static_cast<std::size_t>(kept);
}

// Appends the first character as E'...' would have it written, and returns its length in UTF-8.
std::size_t append_escaped(StringInfo to, const char* text, std::size_t size) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text);
    const int length = pg_encoding_verifymbchar(PG_UTF8, text, static_cast<int>(size));
    if (length <= 0) {
        appendStringInfo(to, "\\x%02x", *bytes);
        return 1;
    }
    const auto code = static_cast<unsigned>(utf8_to_unicode(bytes));
    appendStringInfo(to, code <= 0xFFFF ? "\\u%04x" : "\\U%08x", code);
    return static_cast<std::size_t>(length);
}

// An item in the encoding of the server. A sketch may come from a database with another encoding, or from anywhere:
// what this one cannot hold is escaped, so that one item never costs the others.
StringInfoData server_text(const Item& item) {
    StringInfoData text;
    initStringInfo(&text);
    const auto* data = reinterpret_cast<const char*>(item.data);
    std::size_t left = item.size();
    while (left > 0) {
        std::size_t done = append_convertible(&text, data, left);
        if (done < left) done += append_escaped(&text, data + done, left - done);
        data += done;
        left -= done;
    }
    return text;
}

StringInfoData hexadecimal(const Item& item) {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfoString(&text, "\\x");
    enlargeStringInfo(&text, static_cast<int>(2 * item.size()));
    const auto digits = hex_encode(reinterpret_cast<const char*>(item.data), item.size(), text.data + text.len);
    text.len += static_cast<int>(digits);
    text.data[text.len] = '\0';
    return text;
}

// \u00xx, as which escape_json writes control characters.
bool control_character(const char* digits, char* c) {
    if (std::strncmp(digits, "00", 2) != 0 || !std::isxdigit(static_cast<unsigned char>(digits[2])) ||
        !std::isxdigit(static_cast<unsigned char>(digits[3])))
        return false;
    const char hex[] = {digits[2], digits[3], '\0'};
    *c = static_cast<char>(std::strtoul(hex, nullptr, 16));
    return true;
}

// What a string of jsonb says: a copy without the quotes and escapes that item.cpp wrote. Whatever else stands there
// stays as it is.
Item unquoted(const Item& item) {
    const auto* const text = reinterpret_cast<const char*>(item.data);
    const std::size_t size = item.size();
    if (size < 2 || text[0] != '"' || text[size - 1] != '"') return item;
    auto* const said = static_cast<char*>(palloc(size));
    std::size_t length = 0;
    for (std::size_t i = 1; i + 1 < size; ++i) {
        static constexpr char kEscapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
        char c = text[i];
        if (c == '\\' && i + 2 < size) {
            const char named = text[++i];
            if (named == 'u' && i + 5 < size && control_character(text + i + 1, &c)) {
                i += 4;
            } else {
                for (const char* e = kEscapes; *e != '\0'; e += 2)
                    if (*e == named) c = e[1];
                if (c == '\\' && named != '\\') --i;  // unknown: as it stands
            }
        }
        said[length++] = c;
    }
    return Item::of(ItemKind::text, said, length);
}

StringInfoData text_of(const Item& item) {
    if (item.kind == ItemKind::bytes) return hexadecimal(item);
    if (item.kind == ItemKind::json) return server_text(unquoted(item));
    if (item.kind != ItemKind::integer) return server_text(item);
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfo(&text, "%lld", static_cast<long long>(item.integer()));
    return text;
}

}  // namespace

Datum item_text(const Item& item) {
    const StringInfoData text = text_of(item);
    const Datum datum = PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
    pfree(text.data);
    return datum;
}

const char* kind_name(ItemKind kind) {
    static constexpr const char* kNames[] = {"none", "integer", "text", "bytea",     "boolean", "number",
                                             "real", "uuid",    "date", "timestamp", "other",   "jsonb"};
    static_assert(std::size(kNames) == static_cast<std::size_t>(kLastItemKind) + 1);
    return kNames[static_cast<std::size_t>(kind)];
}

void put_member(Json& json, const char* name, const Item& item) {
    if (item.kind == ItemKind::integer) return json.member(name, item.integer());
    const StringInfoData text = text_of(item);
    json.member(name, std::span<const char>(text.data, static_cast<std::size_t>(text.len)));
}

}  // namespace sketch::pg
