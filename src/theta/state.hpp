// SPDX-License-Identifier: PostgreSQL
//
// A working image of theta: a list of hashes of which the first are sorted, or a hash set of them; and what is done to
// it. Whoever calls has seen to the room (Theta::grown_bytes, merge_bytes, kept_bytes).
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "core/radix_sort.hpp"
#include "theta/layout.hpp"
#include "theta/merge_path.hpp"

namespace sketch::theta {

class State : public Layout {
  public:
    using Layout::Layout;

    bool settled() const { return trimmed() || (mode() == Mode::list && sorted() == count()); }

    void settle() {
        if (settled()) return;
        set_to_list();
        set_count(sort_distinct(hashes(), count()));
        cut();
    }

  protected:
    // --- starting ---------------------------------------------------------------------------------------------------

    void start(std::uint8_t hash, std::uint8_t lg_k, Hash threshold) {
        set_header(kKind, kVersion, hash, lg_k, 0);
        set_slots(0);
        set_threshold(threshold);
        start_list(0, 0);
    }

    // As the same sketch as another image, of any mode, in more room.
    void start_as(const State& other) {
        start(other.hash(), other.lg_k(), other.threshold());
        if (other.mode() == Mode::hash_set) return other.set().each([this](Hash hash) { append(hash); });
        auto from = other.cursor();
        for (Hash* to = hashes(); std::size_t n = from.next_to(to);) to += n;
        start_list(other.count(), other.trimmed() ? other.count() : other.sorted());
    }

    void start_list(std::size_t n, std::size_t sorted) {
        set_mode(Mode::list);
        set_append_limit(capacity());
        set_count(n);
        set_sorted(sorted);
    }

    // --- adding hashes below the threshold --------------------------------------------------------------------------

    void append(Hash hash) {
        hashes()[count()] = hash;
        set_count(count() + 1);
    }

    [[gnu::noinline]] Status add_to_full(Hash hash) {
        if (mode() == Mode::hash_set) return add_to_set(hash);
        const std::size_t before = sorted(), came = count() - before;
        settle();
        if (hash < threshold() && count() <= before + came / 2 && list_to_set()) return add_to_set(hash);
        return add_to_sorted(hash);
    }

    // --- set operations ---------------------------------------------------------------------------------------------

    // To the smaller k and the smaller threshold.
    void fold(std::uint8_t lg_k, Hash limit) {
        set_p0(std::min(this->lg_k(), lg_k));
        set_threshold(std::min(threshold(), limit));
        if (settled()) cut();
    }

    void append_set(const Layout& other) {
        other.set().each([this](Hash hash) { append_below(hash); });
    }
    // A list in any order.
    void append_list(const Layout& other) {
        auto from = Cursor::of_array(other.list(), other.count());
        for (auto run = from.next(); !run.empty(); run = from.next())
            for (const Hash hash : run) append_below(hash);
    }
    // A settled image, of few hashes or few that matter.
    void append_settled(const Layout& other) {
        auto from = other.cursor();
        for (auto run = from.next(Cursor::kShortRun); !run.empty(); run = from.next(Cursor::kShortRun)) {
            for (const Hash hash : run) append_below(hash);
            if (run.back() >= threshold()) break;
        }
    }

    // Many hashes of another sketch; both are settled. The own ones move to the end of the room and are merged with the
    // others to its beginning, up to the one that becomes the threshold. The room holds both, or twice k: before the
    // result reaches what is still to be read, it is complete.
    void unite(const Layout& other) {
        const std::size_t n = count(), most = k() + 1;
        Hash* const to = hashes();
        const Hash* mine = to + capacity() - n;
        const Hash* const end = to + capacity();
        std::memmove(to + capacity() - n, to, n * sizeof(Hash));
        std::size_t size = 0;
        auto from = other.cursor();
        from.below(threshold());
        for (auto run = from.next(Cursor::kShortRun); !run.empty() && size < most; run = from.next(Cursor::kShortRun)) {
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

    // This room becomes a list of the hashes of a that b has, too, or of those that it has not. Both are settled; a may
    // be this image. `none`: the result is known to be empty.
    template <Keep what>
    Status keep_of(const Layout& a, const Layout& b, bool none) {
        if (a.hash() != b.hash()) return Status::unlike_hash;
        const Hash limit = none ? kOne : std::min(a.threshold(), b.threshold());
        const std::uint8_t hash = a.hash(), lg_k = std::min(a.lg_k(), b.lg_k());
        auto from_a = a.cursor(), from_b = b.cursor();
        const std::size_t run = run_for(a.count(), b.count());
        Hash* end = hashes();
        if (!none) end = keep<what>(from_a.below(limit), from_b.below(limit), run, end);
        start(hash, lg_k, limit);
        set_count(static_cast<std::size_t>(end - hashes()));
        cut();
        return Status::ok;
    }

  private:
    // --- a list that becomes a hash set and back ----------------------------------------------------------------

    bool list_to_set() {
        if (!HashSet<Hash>::fits(count(), capacity()) || !set().from_list(count())) return false;
        set_mode(Mode::hash_set);
        set_append_limit(0);
        set_sorted(0);
        return true;
    }
    void set_to_list() {
        if (mode() == Mode::hash_set) start_list(set().to_list(), 0);
    }

    Status add_to_set(Hash hash) {
        if (set().holds(hash)) return Status::ok;
        if (count() < HashSet<Hash>::most(capacity()) && set().put(hash)) {
            set_count(count() + 1);
            return Status::ok;
        }
        settle();
        return add_to_sorted(hash);
    }
    // Half of the room must be free, so that the work is paid by the hashes that fill it.
    Status add_to_sorted(Hash hash) {
        if (count() > capacity() / 2 && capacity() < max_hashes(lg_k())) return Status::no_room;
        if (hash < threshold()) append(hash);
        return Status::ok;
    }
    void append_below(Hash hash) {
        if (hash >= threshold()) return;
        if (count() == capacity()) {
            settle();
            if (hash >= threshold()) return;
        }
        append(hash);
    }

    // A sorted list to at most k hashes, all of them below the threshold.
    void cut() {
        const Hash* const first = hashes();
        auto n = static_cast<std::size_t>(std::lower_bound(first, first + count(), threshold()) - first);
        if (n > k()) {
            set_threshold(first[k()]);
            n = k();
        }
        set_count(n);
        set_sorted(n);
    }
};

}  // namespace sketch::theta
