# Makes the extension's script from the prologue and the rooms' SQL. What stands there is SQL, and passes as it is, but
# that a room leaves out what can be filled in:
#
#   CREATE SKETCH hllsketch (STORAGE = main, COMMUTATOR = ||);
#                              becomes room.sql: the type, its doors and casts, merge and ||, final, info. The second
#                              option may be missing. What follows in this file belongs to this sketch.
#   CREATE FUNCTION f(...) RETURNS t STRICT;
#                              without LANGUAGE: the C function of this name, IMMUTABLE (or STABLE, where that is
#                              said) and PARALLEL SAFE
#   CREATE AGGREGATE f(...) (SFUNC = g, SSPACE = 256);
#                              PARALLEL = SAFE; STYPE, FINALFUNC and COMBINEFUNC, where missing, are the sketch's own
#   f(a text [, b bigint [, c bigint]])
#                              optional arguments: written once for f(a), f(a, b) and f(a, b, c)
#   f(value VALUE)             written once for each type that has this placeholder in value_types
#   COMMENT IS '...';          of the function or aggregate right before it: one for all forms, or one for each in turn
#
#   awk -f assemble.awk value_types room.sql prologue.sql hll.sql theta.sql ...

function fail(what) {
    printf "assemble.awk: %s, line %d: %s\n", file, line_number, what > "/dev/stderr"
    failed = 1
    exit 1
}

# head(a [, b [, c]])tail: form[1] is "a", form[2] "a, b", form[3] "a, b, c".
function split_forms(statement,    open, end, plain, i) {
    open = index(statement, "(")
    end = index(statement, ")")
    if (!open || !end) fail("arguments in parentheses are missing")
    head = substr(statement, 1, open - 1)
    tail = substr(statement, end + 1)
    forms = split(substr(statement, open + 1, end - open - 1), form, /[ \n]*\[,/)
    if (!forms) forms = 1  # no arguments
    for (i = 1; i < forms; i++)
        if (!sub(/\]$/, "", form[forms])) fail("\"[,\" without its \"]\" at the end of the arguments")
    for (i = 1; i <= forms; i++) {
        if (i > 1) form[i] = form[i - 1] "," form[i]
        plain = form[i]
        gsub(/\[\]/, "", plain)  # arrays
        if (plain ~ /[][]/) fail("brackets that do not match")
    }
}

# What follows the arguments of a function or an aggregate, filled in.
function filled(kind, name, tail) {
    if (kind == "FUNCTION" && tail ~ /LANGUAGE/) return tail
    if (kind == "FUNCTION") return tail "\n    AS 'MODULE_PATHNAME', '" name "' LANGUAGE C" \
        (tail ~ /STABLE/ ? "" : " IMMUTABLE") " PARALLEL SAFE"
    if (stem == "") fail("an aggregate without CREATE SKETCH before it")
    if (!sub(/\)$/, "", tail) || tail !~ /[( ]SFUNC = /) fail("an aggregate without (SFUNC = ...)")
    if (tail !~ /[( ]STYPE = /) tail = tail ", STYPE = " stem "sketch"
    if (tail !~ /[( ]FINALFUNC = /) tail = tail ", FINALFUNC = " stem "_final"
    if (tail !~ /[( ]COMBINEFUNC = /)
        tail = tail ", COMBINEFUNC = " stem (tail ~ "[( ]SFUNC = " stem "_merge," ? "_merge" : "_combine")
    return tail ", PARALLEL = SAFE)"
}

# The placeholder among arguments, or "".
function placeholder(arguments,    p) {
    for (p in places)
        if (arguments ~ "(^| )" p "(,|$)") return p
    return ""
}

# Writes the function or aggregate that waited for its comments: each form, for each type of values.
function flush(    kind, name, place, t, i, text, signature) {
    if (waiting == "") return
    split_forms(waiting)
    waiting = ""
    if (comments != 1 && comments != forms) fail(comments " COMMENT IS for " forms " forms of the statement before")
    split(head, word)
    kind = word[2]
    name = word[3]
    tail = filled(kind, name, tail)
    place = placeholder(form[1])
    for (t = 1; t <= (place == "" ? 1 : types); t++) {
        if (place != "" && !((t, place) in takes)) continue
        for (i = 1; i <= forms; i++) {
            text = form[i]
            if (place != "") sub("(^| )" place, " " type[t], text)
            signature = text
            gsub(/ DEFAULT [^,]*/, "", signature)
            print head "(" text ")" tail ";\nCOMMENT ON " kind " " name "(" signature ") IS" \
                comment[comments == 1 ? 1 : i] "\n"
        }
    }
}

function create_sketch(statement,    storage, commutator, i, line) {
    if (statement !~ /^CREATE SKETCH [a-z]+sketch \(STORAGE = [a-z]+(, COMMUTATOR = \|\|)?\);$/)
        fail("this is not CREATE SKETCH <stem>sketch (STORAGE = ..., COMMUTATOR = ||);")
    split(statement, word, /[ (),;]+/)
    stem = word[3]
    sub(/sketch$/, "", stem)
    storage = word[6]
    commutator = statement ~ /COMMUTATOR/ ? ", COMMUTATOR = ||" : ""
    for (i = 1; i <= template_lines; i++) {
        line = template[i]
        gsub(/STEM/, stem, line)
        gsub(/_STORAGE_/, storage, line)
        gsub(/_COMMUTATOR_/, commutator, line)
        read(line)
    }
}

function take(statement) {
    if (statement ~ /^COMMENT IS/) {
        if (waiting == "") fail("COMMENT IS without a function or aggregate right before it")
        comment[++comments] = substr(statement, length("COMMENT IS") + 1)
        return
    }
    flush()
    if (statement ~ /^CREATE SKETCH /) create_sketch(statement)
    else if (statement ~ /^CREATE (FUNCTION|AGGREGATE) /) {
        waiting = substr(statement, 1, length(statement) - 1)
        comments = 0
    } else print statement
}

# One line more: what is not blank, a comment or psql's goes on up to a semicolon at a line's end.
function read(line,    statement) {
    if (pending == "" && line ~ /^(--.*|\\.*|)$/) {
        flush()
        print line
        return
    }
    pending = pending == "" ? line : pending "\n" line
    if (line !~ /;$/) return
    statement = pending
    pending = ""
    take(statement)
}

function finish_file() {
    if (pending != "") fail("the last statement has no end")
    flush()
    stem = ""
}

FILENAME == ARGV[1] && /^[^#]/ {
    type[++types] = $1
    for (i = 2; i <= NF; i++) {
        takes[types, $i]
        places[$i]
    }
}
FILENAME == ARGV[2] { template[++template_lines] = $0 }
FILENAME == ARGV[1] || FILENAME == ARGV[2] { next }
FNR == 1 { finish_file() }
{
    file = FILENAME
    line_number = FNR
    read($0)
}
END {
    if (failed) exit 1
    finish_file()
}
