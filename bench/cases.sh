# What bench/run and bench/compare share: how bench/<stem>.cases are read. Sourced, not run. Who sources it gives
# run_case, which finds the case in name, limit, queries and labels, and sql.

median() { sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'; }

name='' limit='' queries=() labels=()
next_case() {
    [ -z "$name" ] || run_case
    name='' limit='' queries=() labels=()
}

installed() { [ "$(sql -Atc "SELECT count(*) FROM pg_extension WHERE extname = '$1'")" != 0 ]; }

# Runs the cases of a room, in order.
read_cases() {
    local line key value
    say "$1"
    while IFS= read -r line; do
        key=${line%%:*}
        value=${line#*: }
        case $line in
            '' | '#'*) ;;
            case:*) next_case; name=$value ;;
            setup:*) next_case; sql -c "$value" ;;
            setup\ *:*) next_case; ! installed "${key#setup }" || sql -c "$value" ;;
            limit:*) limit=$value ;;
            floor:*) queries=("$value" "${queries[@]}"); labels=(floor "${labels[@]}") ;;
            ours:*) queries+=("$value"); labels+=(ours) ;;
            other\ *:*) queries+=("$value"); labels+=("${key#other }") ;;
            peer\ *:*) ! installed "${key#peer }" || { queries+=("$value"); labels+=("${key#peer }"); } ;;
            *) echo "bench/$1.cases: cannot read: $line" >&2; exit 2 ;;
        esac
    done < "bench/$1.cases"
    next_case
}
