# Makes the extension's script from the prologue and the rooms' SQL. Everything passes as it is, but for two kinds of line:
#
#   -- for each value type     what follows, up to "-- end", is written once for each line of value_types, with VALUE
#                              replaced by the type
#   -- type NAME stored HOW    becomes type.sql, with SKETCH and STORED replaced: a type, its input and output, its casts
#
#   awk -f assemble.awk value_types type.sql prologue.sql room.sql ...

FILENAME == ARGV[1] {
    types[++n] = $0
    next
}
FILENAME == ARGV[2] {
    type = type $0 "\n"
    next
}
/^-- type [a-z]+ stored [a-z]+$/ {
    copy = type
    gsub(/SKETCH/, $3, copy)
    gsub(/STORED/, $5, copy)
    printf "%s", copy
    next
}
$0 == "-- for each value type" {
    body = ""
    inside = 1
    next
}
$0 == "-- end" && inside {
    for (i = 1; i <= n; i++) {
        copy = body
        gsub(/VALUE/, types[i], copy)
        printf "%s", copy
    }
    inside = 0
    next
}
inside {
    body = body $0 "\n"
    next
}
{ print }
END {
    if (inside) {
        print "assemble.awk: \"-- for each value type\" without \"-- end\"" > "/dev/stderr"
        exit 1
    }
}
