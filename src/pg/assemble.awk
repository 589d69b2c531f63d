# Makes the extension's script from the prologue and the rooms' SQL.
#
# The lines between "-- for each value type" and "-- end" are written once for each line of value_types, with VALUE
# replaced by the type. Everything else passes as it is.
#
#   awk -f assemble.awk value_types prologue.sql room.sql ...

FNR == NR {
    types[++n] = $0
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
