// SPDX-License-Identifier: PostgreSQL
//
// hll: how many distinct? HyperLogLog in the form of UltraLogLog (Ertl, arXiv:2308.16862): one byte a register.
//
// Error: exact but for one value in about 10^5 while sparse (up to 3/64 of the registers); then a relative standard
// error of at most 0.7609/sqrt(2^p): 1.19 % at the default p = 12. Any n up to 2^64.
//
// Header: p0 = precision p (4 to 18), p1 = extra bits in a register (2; plain HyperLogLog would be 0).
//
//   mode    payload
//   sparse  count tokens of 4 bytes (registers.hpp). Trimmed: ascending, distinct. Working: in any order.
//   spread  a working sparse image whose tokens are a table (core/hash_set.hpp), while most values come again.
//   dense   slots tokens of 4 bytes, the first count of them waiting; then 2^p registers. Working only.
//   packed  the registers in their stored form (packed.hpp). Trimmed only.
//
// So a sparse sketch is a write buffer with no registers behind it yet. Whether a sketch is sparse depends on the
// number of its distinct tokens alone, and a trimmed image therefore on the set of its values alone: not on their
// order, nor on how they were split and merged.
#pragma once

#include "core/hash_set.hpp"
#include "core/kernel.hpp"
#include "core/radix_sort.hpp"
#include "hll/check_packed.hpp"
#include "hll/estimate.hpp"
#include "hll/packed.hpp"
#include "hll/registers.hpp"

namespace sketch {

class Hll : public View {
  public:
    class Reader;
    static constexpr std::uint8_t kKind = 'H';
    static constexpr std::uint8_t kVersion = 1;
    static constexpr int kDefaultPrecision = 12;
    struct Params {
        int precision;
    };

    using View::View;

    static std::size_t bytes_for(Params) { return block_image(kHeaderBytes + 12 * sizeof(ull::Token)); }

    static Hll create(std::span<std::byte> room, Params params) {
        Hll s(room.data(), room.size());
        s.set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(params.precision), kExtraBits);
        s.start_sparse(0);
        return s;
    }

    static Status check(std::span<const std::byte> image) {
        if (const Status status = check_header(image, kKind, kVersion); status != Status::ok) return status;
        const Hll s(image);
        const int p = s.precision();
        if (p < ull::kMinPrecision || p > ull::kMaxPrecision) return Status::bad_parameter;
        if (s.p1() != kExtraBits || s.hash() != kHashXxh3) return Status::bad_parameter;
        if (s.slots() != 0) return Status::bad_content;
        if (s.mode() == kSparse) return s.check_tokens();
        if (s.mode() != kPacked || s.count() != 0) return Status::bad_content;
        return ull::check_packed(s.payload(), s.payload_bytes(), p);
    }

    int precision() const { return p0(); }
    bool sparse() const { return mode() == kSparse || spread(); }
    bool trimmed() const { return slots() == 0 && !spread(); }

    // --- building ---------------------------------------------------------------------------------------------------

    Status add(std::uint64_t hash) {
        const ull::Token token = ull::token_of(hash);
        if (buffer(token)) [[likely]]
            return Status::ok;
        return add_to_full(token);
    }

    std::size_t grown_bytes() const {
        if (!sparse() || count() > sparse_limit(precision())) return dense_bytes(precision());
        return sparse_bytes(2 * count() + 12, precision());
    }

    Hll relay(std::span<std::byte> room) const {
        Hll s(room.data(), room.size());
        std::memcpy(s.image_, image_, kHeaderBytes);
        if (mode() == kPacked) {
            s.start_dense();
            ull::unpack(packed(), precision(), s.registers());
            return s;
        }
        if (spread()) {
            s.start_sparse(0);
            table().each([&s](ull::Token token) { s.buffer(token); });
            return s;
        }
        std::memcpy(s.payload(), payload(), count() * sizeof(ull::Token));
        if (sparse())
            s.start_sparse(count());
        else
            std::memcpy(s.registers(), registers(), register_bytes());
        return s;
    }

    std::size_t merge_bytes(const Hll& other) const {
        const int p = std::min(precision(), other.precision());
        const std::size_t tokens = count() + other.count();
        const bool stays = sparse() && other.sparse() && tokens <= sparse_slots(p);
        const bool folds_sparse = sparse() && count() <= dense_slots(p);
        return std::max(stays ? sparse_bytes(tokens, p) : dense_bytes(p), folds_sparse ? 0 : dense_bytes(precision()));
    }

    Status merge(const Hll& other) {
        if (hash() != other.hash() || p1() != other.p1()) return Status::unlike_hash;
        if (spread()) gather();
        fold(other.precision());
        if (!other.sparse()) {
            make_dense();
            merge_registers(other);
        }
        const std::byte* token = other.payload();
        if (other.spread())
            other.table().each([this](ull::Token t) { add_token(t); });
        else if (other.mode() != kPacked)
            for (std::uint32_t i = 0; i < other.count(); ++i, token += sizeof(ull::Token))
                add_token(load<ull::Token>(token));
        return Status::ok;
    }

    // --- settling and trimming --------------------------------------------------------------------------------------

    bool settled() const { return trimmed() || (mode() == kDense && count() == 0); }

    std::size_t settle_bytes() const {
        return sparse() && count() > sparse_limit(precision()) ? std::max(bytes_, dense_bytes(precision())) : bytes_;
    }

    void settle() {
        if (trimmed()) return;
        if (spread()) gather();
        if (sparse()) {
            sort_tokens();
            if (count() <= sparse_limit(precision())) return;
            make_dense();
        }
        flush();
    }

    std::size_t trimmed_bytes() const {
        if (trimmed()) return bytes_;
        if (sparse()) return kHeaderBytes + count() * sizeof(ull::Token);
        return kHeaderBytes + ull::kPackedHeadBytes + register_bytes() + ull::kPackSlack;
    }

    std::size_t trim(std::span<std::byte> room) const {
        std::byte* to = room.data();
        if (trimmed() || sparse()) {
            const std::size_t bytes = trimmed_bytes();
            std::memcpy(to, image_, bytes);
            Hll(to, bytes).set_slots(0);
            return bytes;
        }
        std::memcpy(to, image_, kHeaderBytes);
        Hll s(to, kHeaderBytes);
        s.set_mode(kPacked);
        s.set_slots(0);
        const ull::Census counts = census();
        const ull::Packing packing = ull::plan_packing(counts, precision());
        ull::pack(registers(), counts, precision(), packing, to + kHeaderBytes);
        return kHeaderBytes + packing.bytes;
    }

    // --- reading settled images -------------------------------------------------------------------------------------

    double estimate() const {
        return sparse() ? ull::sparse_estimate(count()) : ull::estimate(census(), precision()).n;
    }

    Bounds bounds(double confidence) const {
        if (sparse()) return ull::sparse_bounds(count(), confidence);
        const ull::Census registers = census();
        const ull::Estimate e = ull::estimate(registers, precision());
        return ull::dense_bounds(e, static_cast<double>(register_bytes() - registers[0]), confidence);
    }

    // One relative standard error of a dense sketch of this precision.
    double relative_error() const { return 0.7608621 / std::sqrt(static_cast<double>(register_bytes())); }

  private:
    static constexpr std::uint8_t kExtraBits = 2;
    enum Mode : std::uint8_t { kSparse = 0, kDense = 1, kPacked = 2, kSpread = 3 };

    // How many tokens a sparse image may hold: less than a fifth of what the registers take.
    static constexpr std::size_t sparse_limit(int p) {
        const std::size_t m = std::size_t{1} << p;
        return m <= 256 ? 9 : (m / 16 - 4) / 4 * 3;
    }
    // Room for tokens in the largest sparse image: more than double where that costs little, so that sorting is rare
    // however often old values come again.
    static constexpr std::size_t sparse_slots(int p) {
        const std::size_t m = std::size_t{1} << p;
        return m <= 256 ? 12 : std::max(m / 16 - 4, std::min<std::size_t>(m / 8 - 4, 1020));
    }

    // Room for tokens before the registers: with them, the length word and the header a power of two where that is
    // at most 8 kB, the largest block that PostgreSQL's allocator keeps in its lists.
    static constexpr std::size_t dense_slots(int p) {
        const std::size_t m = std::size_t{1} << p;
        if (m <= 64) return 12;
        return m <= 4096 ? m / 4 - 4 : std::max<std::size_t>(1020, sparse_slots(p));
    }
    static constexpr std::size_t dense_bytes(int p) {
        return kHeaderBytes + dense_slots(p) * sizeof(ull::Token) + (std::size_t{1} << p);
    }
    static constexpr std::size_t sparse_bytes(std::size_t tokens, int p) {
        if (tokens > sparse_slots(p)) tokens = sparse_slots(p);
        return block_image(kHeaderBytes + tokens * sizeof(ull::Token));
    }

    std::size_t register_bytes() const { return std::size_t{1} << precision(); }
    std::byte* register_bytes_at(int p) const { return image_ + kHeaderBytes + dense_slots(p) * sizeof(ull::Token); }
    ull::Register* registers() { return reinterpret_cast<ull::Register*>(register_bytes_at(precision())); }
    const ull::Register* registers() const {
        return reinterpret_cast<const ull::Register*>(register_bytes_at(precision()));
    }
    ull::Packed packed() const { return {payload(), payload_bytes(), precision()}; }
    ull::Census census() const {
        return mode() == kPacked ? ull::census_of(packed(), precision())
                                 : ull::census_of(registers(), register_bytes());
    }

    std::size_t sparse_room() const {
        return std::min(payload_bytes() / sizeof(ull::Token), sparse_slots(precision()));
    }
    void start_sparse(std::size_t tokens) {
        set_mode(kSparse);
        set_slots(sparse_room());
        set_count(tokens);
    }

    bool spread() const { return mode() == kSpread; }
    HashSet<ull::Token> table() const { return {reinterpret_cast<ull::Token*>(image_ + kHeaderBytes), sparse_room()}; }
    // No slots: the write buffer takes nothing.
    bool spread_list() {
        const bool largest = slots() == sparse_slots(precision());
        if (!HashSet<ull::Token>::fits(largest ? 0 : count(), slots()) || !table().from_list(count())) return false;
        set_mode(kSpread);
        set_slots(0);
        return true;
    }
    void gather() { start_sparse(table().to_list()); }
    void start_dense() {
        set_mode(kDense);
        set_slots(dense_slots(precision()));
        set_count(0);
        std::memset(registers(), 0, register_bytes());
    }

    [[gnu::noinline]] Status add_to_full(ull::Token token) {
        if (trimmed()) return Status::no_room;
        if (spread()) return add_to_spread(token);
        if (sparse()) {
            sort_tokens();
            if (count() <= sparse_limit(precision())) return add_to_sorted(token);
            if (bytes_ < dense_bytes(precision())) return Status::no_room;
            make_dense();
        } else {
            flush();
        }
        buffer(token);
        return Status::ok;
    }
    Status add_to_spread(ull::Token token) {
        if (table().holds(token)) return Status::ok;
        const std::size_t most = std::min(sparse_limit(precision()), HashSet<ull::Token>::most(sparse_room()));
        if (count() < most && table().put(token)) {
            set_count(count() + 1);
            return Status::ok;
        }
        gather();
        if (wants_room()) return Status::no_room;
        buffer(token);
        return Status::ok;
    }
    Status add_to_sorted(ull::Token token) {
        if (wants_room()) return Status::no_room;
        if (spread_list()) return add_to_spread(token);
        buffer(token);
        return Status::ok;
    }
    // Half of the slots must be free where more can be had, so that the work is paid by the items that fill them.
    bool wants_room() const { return count() > slots() / 2 && slots() < sparse_slots(precision()); }

    // For merge, which asked for the room first.
    void add_token(ull::Token token) {
        if (!buffer(token)) add_to_full(token);
    }

    void sort_tokens() {
        const auto tokens = items<ull::Token>();
        set_count(sort_distinct(tokens.data(), tokens.size()));
    }

    // The tokens stand where the write buffer of a dense image stands, so they are simply flushed.
    void make_dense() {
        if (!sparse()) return;
        const std::uint32_t tokens = count();
        start_dense();
        set_count(tokens);
        flush();
    }

    void flush() {
        ull::Register* const r = registers();
        const int p = precision();
        for (const ull::Token token : items<ull::Token>()) ull::add_token(r, p, token);
        set_count(0);
    }

    void merge_registers(const Hll& other) {
        ull::Register* const to = registers();
        const int p = precision(), from = other.precision();
        if (from != p) {
            other.for_each_register([&](std::uint32_t i, ull::Register r) {
                ull::folded(i, r, from, p, [&](std::uint32_t j, ull::Register f) { ull::merge_into(to[j], f); });
            });
        } else if (other.mode() == kPacked) {
            ull::merge_packed(other.packed(), p, to);
        } else {
            ull::merge_run(to, other.registers(), register_bytes());
        }
    }

    template <class Visit>
    void for_each_register(Visit visit) const {
        if (mode() == kPacked && packed().width() == ull::kListWidth) return packed().for_each_listed(0, visit);
        const auto each = [&](std::uint32_t first, const ull::Register* run, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) visit(first + static_cast<std::uint32_t>(i), run[i]);
        };
        if (mode() == kPacked)
            packed().for_each_run(each);
        else
            each(0, registers(), register_bytes());
    }

    // To precision q in place, if it is the lower one. Targets stand before their sources or on the first of them, so
    // ascending order never overwrites a register that is still to be read.
    void fold(int q) {
        const int p = precision();
        if (q >= p) return;
        if (sparse() && count() <= dense_slots(q)) {
            set_p0(static_cast<std::uint8_t>(q));
            if (count() <= sparse_slots(q))
                start_sparse(count());
            else
                make_dense();
            return;
        }
        make_dense();
        flush();
        const ull::Register* const from = registers();
        set_p0(static_cast<std::uint8_t>(q));
        set_slots(dense_slots(q));
        ull::Register* const to = registers();
        const std::uint32_t targets = std::uint32_t{1} << q, sources = std::uint32_t{1} << p;
        for (std::uint32_t i = 0; i < targets; ++i) {
            ull::Register merged = 0;
            for (std::uint32_t j = i; j < sources; j += targets)
                ull::folded(j, from[j], p, q, [&](std::uint32_t, ull::Register r) { ull::merge_into(merged, r); });
            to[i] = merged;
        }
    }

    Status check_tokens() const {
        if (count() > sparse_limit(precision())) return Status::bad_content;
        if (payload_bytes() != count() * sizeof(ull::Token)) return Status::wrong_size;
        for (std::uint32_t i = 0; i < count(); ++i) {
            const auto token = load<ull::Token>(payload() + i * sizeof(ull::Token));
            if (!ull::valid_token(token)) return Status::bad_content;
            if (i != 0 && token <= load<ull::Token>(payload() + (i - 1) * sizeof(ull::Token))) {
                return Status::bad_content;
            }
        }
        return Status::ok;
    }
};

// Answers questions about trimmed images.
class Hll::Reader : public Hll {
  public:
    explicit Reader(Trimmed<Hll> sketch) : Hll(sketch.image()) {}
};

static_assert(Kernel<Hll>);

}  // namespace sketch
