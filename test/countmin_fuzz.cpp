// SPDX-License-Identifier: PostgreSQL
#include <map>

#include "countmin/countmin.hpp"
#include "fuzz.hpp"

namespace {

using namespace sketch;
using namespace sketch::test;

struct Target {
    using Kernel = CountMin;
    static Status add(Kernel& s, std::uint64_t i) {
        return s.add(i * 0x9E3779B97F4A7C15, i % 5 == 0 ? -static_cast<std::int64_t>(i) : std::int64_t{1} << i);
    }
    static void read(const Kernel::Reader& s) {
        s.count_bounds(s.listed() > 0 ? s.listed(0).key : 1, 0.95);
        if (!s.ranges()) {
            s.join_bounds(s, 0.95);
            return;
        }
        s.range_bounds(-1000, std::int64_t{1} << 40, 0.95);
        if (s.total() > 0) s.quantile(0.5);
    }
    // Frames of zeros are eight bytes for 256 cells: what is much larger than its image shows nothing new, slowly.
    static bool is_small(const std::uint8_t* data, std::size_t size) {
        return size < kHeaderBytes || data[4] > 14 || std::size_t{data[5]} << data[4] <= std::size_t{1} << 15;
    }
};

// A sketch beside the weights that were added and removed, which alone its bytes may depend on.
struct Checked {
    CountMin::Params params;
    Sketch<CountMin> sketch{params};
    std::map<countmin::Key, std::int64_t> added{}, removed{};

    void add(countmin::Key key, std::int64_t weight) {
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
    const CountMin whole{std::span<const std::byte>(image)};
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

constexpr std::size_t kSteps = 20;

// The bytes as a program: two sketches that take rows, are merged, taken apart, stored and read back.
void run(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return;
    const CountMin::Params params{3 + data[0] % 8, 1 + data[1] % 6, data[1] >= 128};
    Checked a{params}, b{params};
    // A list holds 8 or 16 of such widths: a few dozen values go through every form, and a run has a thousand updates.
    for (std::size_t i = 2; i + 2 < size && i < 2 + 3 * kSteps; i += 3) {
        const std::uint64_t first = data[i + 1] * 4, n = data[i + 2] % 64;
        const auto weight = static_cast<std::int64_t>(static_cast<std::int8_t>(data[i + 2]));
        switch (data[i] % 7) {
            case 0:
            case 1:
                for (std::uint64_t v = first; v < first + n; ++v) a.add(mix64(v), 1);
                break;
            case 2:
                for (std::uint64_t v = 0; v < n; ++v) a.add(mix64(first), 1);
                break;
            case 3: a.add(mix64(first), weight * (data[i] + std::int64_t{1})); break;
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
    if (size != 0 && data[0] == CountMin::kKind) return Target::is_small(data, size) ? fuzz<Target>(data, size) : 0;
    run(data, size);
    return 0;
}
