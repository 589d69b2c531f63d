// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, pruning: of more than k entries at most k stay, and the floor rises to the largest bound that went.
#pragma once

#include "core/radix_select.hpp"
#include "heavy_hitters/summary.hpp"

namespace sketch::heavy_hitters {

// Where a scale is cut. threshold: the largest upper bound that has to go, -1 if none has. floor: what the floor is to
// be; entries between the two would lose little by going.
struct Cut {
    double threshold, floor;
};

enum class Rank : int { below, tied, above };

class Pruning {
  public:
    explicit Pruning(Summary& s) : s_(s), table_(s.table), scales_(s.scales()) {
        for (int t = 0; t < scales_; ++t) cuts_[t] = cut(t);
    }

    // Whether a sum was rounded. What is above the cut of a scale stays: at most k entries. So that a stream of items
    // that are all alike does not empty the table, some that are tied stay as well, chosen by their hash alone, until
    // about a quarter of k are there.
    bool run() {
        const std::uint32_t n = table_.size();
        choose_ties(n);
        std::uint32_t kept = 0;
        std::size_t used = 0;
        Patience patience;
        for (std::uint32_t i = 0; i < n; ++i) {
            if (!stays(i)) {
                drop(i);
                continue;
            }
            const std::size_t before = used;
            used = table_.keep(i, kept++, used);
            patience.spend(64 + used - before);
        }
        table_.set_size(kept);
        table_.set_arena_used(used);
        for (int t = 0; t < scales_; ++t) s_.set_floor(t, cuts_[t].floor);
        if (scales_ == 1) lift(cuts_[0].floor);
        table_.index();
        return add_.rounded;
    }

  private:
    // A floor that rises by no more than it must is soon met again by the fullest cells. It rises by eight times as
    // much where the bound allows it: (quota + 1) * floor + the sum of what entries have above it stays below the
    // total.
    Cut cut(int scale) const {
        const std::uint32_t n = table_.size();
        const std::size_t quota = s_.k / static_cast<std::uint32_t>(scales_);
        const double now = s_.floor(scale);
        if (n <= quota) return {-1, now};
        const double threshold = nth_largest_upper(scale, quota);
        double above = 0;
        for (std::uint32_t i = 0; i < n; ++i) above += std::max(0.0, table_.upper(i, scale) - threshold);
        const double parts = static_cast<double>(quota + 1);
        const double spare = (s_.total(scale) - above) / parts - threshold;
        if (threshold <= now) return {threshold, now};
        const double ahead = 7 * (threshold - now);
        return {threshold, 2 * ahead <= spare ? threshold + ahead : threshold};
    }

    // Small tables are selected from in a row of numbers, which is faster.
    double nth_largest_upper(int scale, std::size_t rank) const {
        constexpr std::size_t kRow = 512;
        const std::size_t n = table_.size();
        if (n > kRow) return nth_largest(table_.upper_at(0, scale), table_.stride, n, rank);
        double row[kRow];
        row[0] = 0;
        for (std::size_t i = 0; i < n; ++i) row[i] = table_.upper(i, scale);
        return nth_largest(reinterpret_cast<const std::byte*>(row), std::integral_constant<std::size_t, 8>(), n, rank);
    }

    // Of an entry in the scale where it is best.
    Rank rank(std::uint32_t i) const {
        int best = 0;
        for (int t = 0; t < scales_; ++t) {
            const double c = table_.upper(i, t);
            best = std::max(best, (c >= cuts_[t].threshold) + (c > cuts_[t].floor));
        }
        return static_cast<Rank>(best);
    }

    // A tie stays if its tie_break is below the limit, while there is room.
    void choose_ties(std::uint32_t n) {
        std::uint32_t above = 0, ties = 0;
        for (std::uint32_t i = 0; i < n; ++i) {
            const Rank rank = this->rank(i);
            above += rank == Rank::above;
            ties += rank == Rank::tied;
        }
        const std::uint32_t least = std::max(s_.k / 4, std::min(s_.k, 10u));
        const std::uint32_t wanted = least > above ? least - above : 0;
        tie_limit_ = ties == 0 ? 0 : (std::uint64_t{wanted} << 32) / ties;
        room_ = s_.k - above;
    }
    std::uint32_t tie_break(std::uint32_t i) const {
        const std::uint64_t word = table_.word(i);
        return static_cast<std::uint32_t>((table_.kind == ItemKind::integer ? word * 0x9E3779B97F4A7C15 : word) >> 32);
    }
    bool stays(std::uint32_t i) {
        const Rank rank = this->rank(i);
        const bool stays = rank == Rank::tied && room_ != 0 && tie_break(i) < tie_limit_;
        room_ -= stays;
        return stays || rank == Rank::above;
    }

    void drop(std::uint32_t i) {
        const std::uint32_t hash = s_.filter ? table_.hash(i) : 0;
        for (int t = 0; t < scales_; ++t) {
            const double c = table_.upper(i, t);
            cuts_[t].floor = std::max(cuts_[t].floor, c);
            if (s_.filter) s_.filter.raise(hash, t, c);
        }
    }

    // An upper bound that fell below the floor rises with it; what was counted for sure stays.
    void lift(double least) {
        const std::uint32_t n = table_.size();
        for (std::uint32_t i = 0; i < n; ++i) {
            const double c = table_.upper(i, 0);
            if (c >= least) continue;
            table_.set_upper(i, 0, least);
            // Rounding must not carry an error above its bound.
            table_.set_error(i, 0, std::min(least, add_(table_.error(i, 0), add_(least, -c))));
        }
    }

    Summary& s_;
    EntryTable& table_;
    int scales_;
    Cut cuts_[kMaxScales];
    std::uint64_t tie_limit_ = 0;
    std::uint32_t room_ = 0;
    Adder<Sums::watched> add_;
};

}  // namespace sketch::heavy_hitters
