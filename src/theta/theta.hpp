// SPDX-License-Identifier: PostgreSQL
//
// theta: how many distinct, in unions, intersections and differences? The k smallest hashes of a set (KMV: Bar-Yossef
// et al., "Counting Distinct Elements in a Data Stream", 2002; Beyer et al., SIGMOD 2007) with the threshold theta
// below which all of its hashes are kept (Dasgupta, Lang, Rhodes, Thaler: "A Framework for Estimating Stream Expression
// Cardinalities", ICDT 2016).
//
// Error: exact up to k distinct values; then a relative standard error of 1/sqrt(k - 1): 1.6 % at the default k = 4096.
// Of an intersection or a difference that is the share J of the union: about 1/sqrt(k J).
//
// A hash is the 48 high bits of the 64-bit hash. Two of n distinct values share one with probability n/2^49: at 10^9
// values the estimate is low by 2 in a million. The threshold is one of the hashes, or 2^48 for theta = 1; once there
// are more than k hashes it is the (k+1)-th smallest, which makes k/theta the unbiased estimate. It is above every kept
// hash, so 0 is a hash like any other.
//
// Header: p0 = log2 k (4 to 20), p1 = bits of the low parts of a packed form, count = hashes.
//
//   mode     payload
//   packed   packed.hpp. Trimmed.
//   working  u64 threshold, u32 settled, u32 zero, then hashes of 8 bytes: the first `settled` of them ascending and
//            distinct, the others in any order; slack.
//   spread   as working, but for the hashes: a table (core/hash_set.hpp) of `settled` hashes, while most values come
//   again.
//
// Whatever the order, splits and merges: the threshold and the hashes below it depend on the set of the values alone.
#pragma once

#include "core/hash_set.hpp"
#include "core/kernel.hpp"
#include "core/radix_sort.hpp"
#include "theta/estimate.hpp"
#include "theta/lanes.hpp"
#include "theta/packed.hpp"

namespace sketch {

class Theta : public View {
  public:
    class Reader;
    static constexpr std::uint8_t kKind = 'T';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr int kMinLgK = 4, kMaxLgK = 20, kDefaultLgK = 12;
    struct Params {
        int lg_k;
    };
    using Hash = theta::Hash;

    using View::View;

    static std::size_t bytes_for(Params) { return working_bytes(12); }

    static Theta create(std::span<std::byte> room, Params params) {
        Theta s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(params.lg_k), 0);
        s.start_working(0, theta::kOne);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Theta s(image);
        if (s.p0() < kMinLgK || s.p0() > kMaxLgK || s.hash() != kHashXxh3) return Status::bad_parameter;
        if (s.mode() != kPacked || s.slots() != 0 || s.count() > s.k()) return Status::bad_content;
        return theta::check_packed(s.payload(), s.payload_bytes(), s.count(), s.p1());
    }

    std::size_t k() const { return std::size_t{1} << p0(); }
    bool trimmed() const { return mode() == kPacked; }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(std::uint64_t hash) {
        if (trimmed()) [[unlikely]]
            return Status::no_room;
        const Hash h = hash >> (64 - theta::kHashBits);
        if (h >= threshold()) return Status::ok;
        if (count() == capacity()) [[unlikely]]
            return add_to_full(h);
        append(h);
        return Status::ok;
    }

    std::size_t grown_bytes() const { return bytes_with(trimmed() ? count() + 1 : capacity() + 1, p0()); }

    Theta relay(std::span<std::byte> room) const {
        Theta s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes);
        if (spread()) {
            s.start_working(0, threshold());
            table().each([&s](Hash hash) { s.append(hash); });
            return s;
        }
        s.start_working(count(), threshold());
        auto from = reader();
        for (Hash* to = s.hashes(); std::size_t n = from.next_to(to);) to += n;
        if (!trimmed()) s.set_settled_count(settled_count());
        return s;
    }

    // --- set operations ---------------------------------------------------------------------------------------------
    // All leave the smaller k and the smaller theta of the two.

    std::size_t merge_bytes(const Theta& other) const {
        const int lg_k = std::min(p0(), other.p0());
        return std::max(working_bytes(count()), bytes_with(std::size_t{count()} + other.count(), lg_k));
    }

    // The union.
    Status merge(const Theta& other) {
        if (hash() != other.hash()) return Status::unlike_hash;
        if (spread()) settle();
        fold(other.p0(), other.threshold());
        if (other.spread()) {
            other.table().each([this](Hash hash) { append_run({&hash, 1}); });
        } else if (!other.settled()) {
            auto from = theta::Reader::of_array(other.payload() + kFixedBytes, other.count());
            for (auto run = from.next(); !run.empty(); run = from.next()) append_run(run);
        } else if (other.count() * std::min(1.0, theta() / other.theta()) > count() / 4) {
            settle();
            unite(other);
        } else {
            auto from = other.reader();
            for (auto run = from.next(theta::Reader::kShortRun); !run.empty();
                 run = from.next(theta::Reader::kShortRun)) {
                append_run(run);
                if (run.back() >= threshold()) break;
            }
        }
        // Repetitions must not make the next merge ask for more room; again the work is paid by what was appended.
        if (count() - settled_count() > settled_count() / 2) settle();
        return Status::ok;
    }

    // Of a working image that holds what an intersection or a difference leaves of this sketch.
    std::size_t kept_bytes() const { return working_bytes(count()); }

    // This working image becomes the intersection of two settled sketches, of which it may be the first. No values have
    // none in common with any.
    Status intersect(const Theta& a, const Theta& b) { return become_kept<true>(a, b, a.nothing() || b.nothing()); }

    // This working image becomes the difference: the values of a that are not in b. Else as intersect.
    Status except(const Theta& a, const Theta& b) { return become_kept<false>(a, b, a.nothing()); }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed() || settled_count() == count(); }
    std::size_t settle_bytes() const { return bytes_; }

    void settle() {
        if (settled()) return;
        if (spread()) gather();
        set_count(sort_distinct(hashes(), count()));
        set_settled_count(count());
        cut();
    }

    std::size_t trimmed_bytes() const {
        return trimmed() ? bytes_ : kHeaderBytes + theta::packed_bytes(count(), threshold());
    }

    std::size_t trim(std::span<std::byte> room) const {
        std::memcpy(room.data(), image_, trimmed() ? bytes_ : kHeaderBytes);
        if (trimmed()) return bytes_;
        Theta s(room.data(), kHeaderBytes);
        s.set_mode(kPacked);
        s.set_header(kKind, kVersion, hash(), p0(), static_cast<std::uint8_t>(theta::low_width(count(), threshold())));
        return kHeaderBytes + theta::pack(payload() + kFixedBytes, count(), threshold(), room.data() + kHeaderBytes);
    }

    // --- reading settled images -------------------------------------------------------------------------------------

    double theta() const { return static_cast<double>(threshold()) / static_cast<double>(theta::kOne); }
    std::size_t retained() const { return count(); }
    bool exact() const { return threshold() == theta::kOne; }
    double estimate() const { return count() / theta(); }
    Bounds bounds(double confidence) const { return theta::count_bounds(count(), theta(), confidence); }

    // One relative standard error.
    double relative_error() const { return count() == 0 ? 0 : std::sqrt((1 - theta()) / count()); }

    // What two sketches have in common, as sampled at the smaller theta. With an empty set that is known: nothing.
    struct Overlap {
        double theta, a, b, common;
    };
    static Overlap overlap(const Theta& a, const Theta& b) {
        const Hash threshold = std::min(a.threshold(), b.threshold());
        auto from_a = a.reader(), from_b = b.reader();
        const std::size_t common = theta::count_common(from_a.below(threshold), from_b.below(threshold), run_for(a, b));
        const double theta = a.nothing() || b.nothing() ? 1 : std::min(a.theta(), b.theta());
        return {theta, static_cast<double>(a.count_below(threshold)), static_cast<double>(b.count_below(threshold)),
                static_cast<double>(common)};
    }

    // |A and B| / |A or B|. Two empty sets are alike.
    static Bounds jaccard(const Theta& a, const Theta& b, double confidence) {
        const Overlap o = overlap(a, b);
        const double all = o.a + o.b - o.common;
        if (all == 0) return o.theta < 1 ? Bounds{0, 0, 1} : Bounds{1, 1, 1};
        return theta::share_bounds(o.common, all, o.theta, confidence);
    }

    // |A and B| / |A|. The empty set is contained in every set.
    static Bounds containment(const Theta& a, const Theta& b, double confidence) {
        const Overlap o = overlap(a, b);
        if (o.a == 0) return a.nothing() ? Bounds{1, 1, 1} : Bounds{0, 0, 1};
        return theta::share_bounds(o.common, o.a, o.theta, confidence);
    }

  private:
    enum Mode : std::uint8_t { kPacked = 0, kWorking = 1, kSpread = 2 };
    static constexpr std::size_t kFixedBytes = 16;  // before the hashes of a working image

    static constexpr std::size_t working_bytes(std::size_t hashes) {
        return kHeaderBytes + kFixedBytes + hashes * sizeof(Hash);
    }
    // As many wait as are kept; and two full sketches fit, to be merged in place.
    static constexpr std::size_t most_hashes(int lg_k) { return std::size_t{2} << lg_k; }
    static constexpr std::size_t bytes_with(std::size_t hashes, int lg_k) {
        const std::size_t most = working_bytes(most_hashes(lg_k));
        return hashes >= most_hashes(lg_k) ? most : std::min(block_image(working_bytes(hashes)), most);
    }

    Hash threshold() const {
        return trimmed() ? theta::packed_threshold(payload(), payload_bytes()) : load<Hash>(payload());
    }
    bool nothing() const { return count() == 0 && exact(); }
    theta::Reader reader() const {
        return trimmed() ? theta::Reader::of_packed(payload(), count(), p1())
                         : theta::Reader::of_array(payload() + kFixedBytes, count());
    }

    // Of a working image.
    Hash* hashes() { return reinterpret_cast<Hash*>(payload() + kFixedBytes); }
    std::size_t capacity() const { return (payload_bytes() - kFixedBytes) / sizeof(Hash); }
    std::size_t settled_count() const { return load<std::uint32_t>(payload() + sizeof(Hash)); }
    void set_threshold(Hash threshold) { store(payload(), threshold); }
    void set_settled_count(std::size_t n) { store(payload() + sizeof(Hash), static_cast<std::uint32_t>(n)); }

    void start_working(std::size_t n, Hash threshold) {
        set_mode(kWorking);
        set_slots(0);
        set_count(n);
        set_threshold(threshold);
        set_settled_count(n);
        store(payload() + sizeof(Hash) + sizeof(std::uint32_t), std::uint32_t{0});
    }

    // The list as a table.
    bool spread() const { return mode() == kSpread; }
    HashSet<Hash> table() const { return {reinterpret_cast<Hash*>(image_ + kHeaderBytes + kFixedBytes), capacity()}; }
    bool spread_list() {
        if (!HashSet<Hash>::fits(count(), capacity()) || !table().from_list(count())) return false;
        set_mode(kSpread);
        set_count(capacity());
        return true;
    }
    void gather() {
        set_mode(kWorking);
        set_count(table().to_list());
        set_settled_count(0);
    }

    [[gnu::noinline]] Status add_to_full(Hash hash) {
        if (spread()) return add_to_spread(hash);
        const std::size_t before = settled_count(), came = count() - before;
        settle();
        if (hash < threshold() && count() <= before + came / 2 && spread_list()) return add_to_spread(hash);
        return add_to_sorted(hash);
    }
    Status add_to_spread(Hash hash) {
        if (table().holds(hash)) return Status::ok;
        if (settled_count() < HashSet<Hash>::most(capacity()) && table().put(hash)) {
            set_settled_count(settled_count() + 1);
            return Status::ok;
        }
        settle();
        return add_to_sorted(hash);
    }
    // Half of the room must be free, so that the work is paid by the hashes that fill it.
    Status add_to_sorted(Hash hash) {
        if (count() > capacity() / 2 && capacity() < most_hashes(p0())) return Status::no_room;
        if (hash < threshold()) append(hash);
        return Status::ok;
    }

    void append(Hash hash) {
        hashes()[count()] = hash;
        set_count(count() + 1);
    }

    // Few hashes of another sketch, in any order. merge_bytes saw to the room.
    void append_run(std::span<const Hash> run) {
        for (const Hash hash : run) {
            if (hash >= threshold()) continue;
            if (count() == capacity()) {
                settle();
                if (hash >= threshold()) continue;
            }
            append(hash);
        }
    }

    // Many hashes of another sketch; both are settled. The own ones move to the end of the room and are merged with the
    // others to its beginning, up to the one that becomes the threshold. The room holds both, or twice k: before the
    // result reaches what is still to be read, it is complete.
    void unite(const Theta& other) {
        const std::size_t n = count(), most = k() + 1;
        Hash* const to = hashes();
        const Hash* mine = to + capacity() - n;
        const Hash* const end = to + capacity();
        std::memmove(to + capacity() - n, to, n * sizeof(Hash));
        std::size_t size = 0;
        auto from = other.reader();
        from.below(threshold());
        for (auto run = from.next(theta::Reader::kShortRun); !run.empty() && size < most;
             run = from.next(theta::Reader::kShortRun)) {
            const Hash* theirs = run.data();
            const Hash* const run_end = theirs + run.size();
            const auto sure_steps = [&] {
                return std::min(most - size, static_cast<std::size_t>(std::min(end - mine, run_end - theirs)));
            };
            for (std::size_t steps = sure_steps(); steps != 0; steps = sure_steps())
                for (; steps != 0; --steps) {
                    const Hash a = *mine, b = *theirs;
                    to[size++] = std::min(a, b);
                    mine += !(b < a);
                    theirs += !(a < b);
                }
            for (; theirs != run_end && size < most; ++theirs) to[size++] = *theirs;
        }
        while (mine != end && size < most) to[size++] = *mine++;
        set_count(size);
        cut();
    }

    // To the smaller k and the smaller threshold.
    void fold(std::uint8_t lg_k, Hash threshold) {
        set_p0(std::min(p0(), lg_k));
        lower(threshold);
    }
    void lower(Hash limit) {
        set_threshold(std::min(threshold(), limit));
        if (settled()) cut();
    }

    // To at most k hashes, all of them below the threshold.
    void cut() {
        const Hash* const first = hashes();
        auto n = static_cast<std::size_t>(std::lower_bound(first, first + count(), threshold()) - first);
        if (n > k()) {
            set_threshold(first[k()]);
            n = k();
        }
        set_count(n);
        set_settled_count(n);
    }

    template <bool common>
    Status become_kept(const Theta& a, const Theta& b, bool none) {
        if (a.hash() != b.hash()) return Status::unlike_hash;
        const Hash limit = none ? theta::kOne : std::min(a.threshold(), b.threshold());
        const std::uint8_t hash = a.hash(), lg_k = std::min(a.p0(), b.p0());
        auto from_a = a.reader(), from_b = b.reader();
        Hash* end = hashes();
        if (!none) end = theta::keep<common>(from_a.below(limit), from_b.below(limit), run_for(a, b), end);
        set_header(kKind, kVersion, hash, lg_k, 0);
        start_working(static_cast<std::size_t>(end - hashes()), limit);
        cut();
        return Status::ok;
    }

    // Few hashes of one want few of the other.
    static std::size_t run_for(const Theta& a, const Theta& b) {
        return std::min(a.count(), b.count()) < theta::Reader::kRun ? theta::Reader::kShortRun : theta::Reader::kRun;
    }

    // Of a settled image.
    std::size_t count_below(Hash limit) const {
        if (limit >= threshold()) return count();
        std::size_t n = 0;
        auto from = reader();
        for (auto run = from.next(theta::Reader::kShortRun); !run.empty(); run = from.next(theta::Reader::kShortRun)) {
            n += static_cast<std::size_t>(std::lower_bound(run.begin(), run.end(), limit) - run.begin());
            if (run.back() >= limit) break;
        }
        return n;
    }
};

// Answers questions about trimmed images.
class Theta::Reader : public Theta {
  public:
    explicit Reader(Trimmed<Theta> sketch) : Theta(sketch.image()) {}
};

static_assert(Kernel<Theta>);

}  // namespace sketch
