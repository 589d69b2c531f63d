// SPDX-License-Identifier: PostgreSQL
#include <map>

#include "countmin/answers.hpp"
#include "fuzz.hpp"

namespace {

using namespace sketch;
using namespace sketch::test;

struct Target {
    using Kernel = CountMin;
    static Status add(Kernel& s, std::uint64_t i) {
        return s.add(i * 0x9E3779B97F4A7C15, i % 5 == 0 ? -static_cast<std::int64_t>(i) : std::int64_t{1} << i);
    }
    static void read(const Kernel& s) {
        const cm::Answers answers(s);
        answers.count_bounds(s.listed() > 0 ? s.listed(0).key : 1, 0.95);
        if (!s.ranges()) {
            answers.join_bounds(answers, 0.95);
            return;
        }
        answers.range_bounds(-1000, std::int64_t{1} << 40, 0.95);
        if (s.total() > 0) answers.quantile(0.5);
    }
};

// A sketch beside the weights that were added and removed, which alone its bytes may depend on.
struct Checked {
    CountMin::Params params;
    Sketch<CountMin> sketch{params};
    std::map<cm::Key, std::int64_t> added{}, removed{};

    void add(cm::Key key, std::int64_t weight) {
        (weight < 0 ? removed : added)[key] += std::abs(weight);
        if (sketch.add([=](CountMin& s) { return s.add(key, weight); }) != Status::ok) std::abort();
    }
    void merge(const Checked& other) {
        for (const auto& [key, weight] : other.added) added[key] += weight;
        for (const auto& [key, weight] : other.removed) removed[key] += weight;
        if (sketch.merge(other.sketch.kernel()) != Status::ok) std::abort();
    }
    void verify() const {
        Checked summed{params};
        for (const auto& [key, weight] : added) summed.add(key, weight);
        for (const auto& [key, weight] : removed) summed.add(key, -weight);
        const Image image = sketch.trimmed();
        if (image != summed.sketch.trimmed() || CountMin::check(image) != Status::ok) std::abort();
    }
};

// (a + b) - b, as a stored sketch.
Image merged_and_taken_away(const Checked& a, const Checked& b) {
    Sketch<CountMin> both(a.sketch.trimmed());
    if (both.merge(b.sketch.kernel()) != Status::ok) std::abort();
    const Image image = both.trimmed();
    const CountMin whole = open<CountMin>(image);
    Room room(std::max(whole.subtract_bytes(b.sketch.kernel()), image.size()));
    CountMin rest = whole.relay(room.span());
    if (rest.subtract(b.sketch.kernel()) != Status::ok) std::abort();
    Room settled(rest.settle_bytes());
    CountMin left = rest.relay(settled.span());
    left.settle();
    Room out(left.trimmed_bytes());
    const std::size_t bytes = left.trim(out.span());
    return {out.span().begin(), out.span().begin() + static_cast<std::ptrdiff_t>(bytes)};
}

// The bytes as a program: two sketches that take rows, are merged, taken apart, stored and read back. Tables are small
// and rows few, so that a run takes a fraction of a millisecond: what a sketch does as it fills up, a small one does
// soon.
void run(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return;
    const CountMin::Params params{3 + data[0] % 4, 1 + data[1] % 4, data[1] >= 128};
    Checked a{params}, b{params};
    for (std::size_t i = 2; i + 2 < size && i < 44; i += 3) {
        const std::uint64_t first = data[i + 1], n = data[i + 2] % 16;
        const auto weight = static_cast<std::int64_t>(static_cast<std::int8_t>(data[i + 2]));
        switch (data[i] % 7) {
            case 0:
            case 1:
                for (std::uint64_t v = first; v < first + n; ++v) a.add(cm::mixed(v), 1);
                break;
            case 2:
                for (std::uint64_t v = 0; v < n; ++v) a.add(cm::mixed(first), 1);
                break;
            case 3: a.add(cm::mixed(first), weight * (data[i] + std::int64_t{1})); break;
            case 4: std::swap(a, b); break;
            case 5:
                a.merge(b);
                b = Checked{params};
                break;
            case 6:
                if (merged_and_taken_away(a, b) != a.sketch.trimmed()) std::abort();
                a.sketch = Sketch<CountMin>(a.sketch.trimmed());
        }
    }
    a.verify();
    b.verify();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size != 0 && data[0] == CountMin::kKind) return fuzz<Target>(data, size);
    run(data, size);
    return 0;
}
