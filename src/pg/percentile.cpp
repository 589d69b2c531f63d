// SPDX-License-Identifier: PostgreSQL
#include "pg/percentile.hpp"

#include "core/asked.hpp"

namespace sketch::pg {

const char* describe_fractions(std::span<const std::byte> fractions) {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfoString(&text, fractions.size() == sizeof(double) ? "fraction" : "fractions");
    for (std::size_t i = 0; i < fractions.size(); i += sizeof(double))
        appendStringInfo(&text, "%s%g", i == 0 ? " " : ", ", load<double>(fractions.data() + i));
    return text.data;
}

std::span<const std::byte> one_fraction(FunctionCallInfo fcinfo, int argument) {
    auto* fraction = static_cast<double*>(palloc(sizeof(double)));
    *fraction = fraction_argument(fcinfo, argument);
    return std::as_bytes(std::span(fraction, 1));
}

std::span<const std::byte> many_fractions(FunctionCallInfo fcinfo, int argument) {
    constexpr int kMost = static_cast<int>(Asked::kMaxFractions);
    reject_null(fcinfo, argument, "fractions");
    const auto [array, wanted] = doubles_argument(fcinfo, argument);
    if (ARR_NDIM(array) > 1 || ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) > kMost)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("%s: fractions must be an array of one dimension with at most %d elements",
                       function_name(fcinfo), kMost));
    if (array_contains_nulls(array))
        ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                errmsg("%s: fractions must not contain NULL", function_name(fcinfo)));
    for (const double fraction : wanted) checked_fraction(fcinfo, fraction);
    return std::as_bytes(wanted);
}

}  // namespace sketch::pg
