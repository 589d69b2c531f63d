// SPDX-License-Identifier: PostgreSQL
//
// A working image of hll: a list of tokens, a hash set of them, or registers behind a write buffer; and the ways from
// one to the next. A member that needs more room than the image has says so in the first line above it; whoever calls
// it has seen to that (Hll::grown_bytes, merge_bytes, settle_bytes).
#pragma once

#include <cstring>

#include "core/radix_sort.hpp"
#include "hll/layout.hpp"

namespace sketch::hll {

class State : public Layout {
  public:
    using Layout::Layout;

  protected:
    // --- starting ---------------------------------------------------------------------------------------------------

    void start(int precision) {
        set_header(kKind, kVersion, kHashXxh3, static_cast<std::uint8_t>(precision), kExtraBits);
        start_list(0);
    }

    // As the same sketch as another image, of any mode, in more room.
    void start_as(const State& other) {
        std::memcpy(image_, other.image(), kHeaderBytes);
        switch (other.mode()) {
            case Mode::sparse:
                std::memcpy(payload(), other.payload(), other.count() * sizeof(Token));
                start_list(other.count());
                break;
            case Mode::sparse_set:
                start_list(0);
                other.token_set().each([this](Token token) { buffer(token); });
                break;
            case Mode::dense:
                std::memcpy(payload(), other.payload(), other.count() * sizeof(Token));
                std::memcpy(registers(), other.registers(), register_count());
                break;
            case Mode::packed:
                start_dense();
                decode(other.coded(), precision(), registers());
                break;
        }
    }

    // --- adding: what the write buffer has no slot for --------------------------------------------------------------

    [[gnu::noinline]] Status add_to_full(Token token) {
        if (trimmed()) return Status::no_room;
        if (mode() == Mode::sparse_set) return add_to_set(token);
        if (mode() == Mode::dense) {
            flush();
        } else {
            sort_list();
            if (count() <= sparse_limit(precision())) return add_to_sorted(token);
            if (bytes_ < dense_bytes(precision())) return Status::no_room;
            list_to_dense();
        }
        buffer(token);
        return Status::ok;
    }

    // --- merging ----------------------------------------------------------------------------------------------------

    // To precision q, if that is the lower one. Registers are folded in place: targets stand before their sources or on
    // the first of them, so that ascending order never overwrites a register that is still to be read.
    void fold(int q) {
        const int p = precision();
        if (q >= p) return;
        if (sparse() && count() <= dense_slots(q)) return fold_list(q);
        to_dense();
        flush();
        const Register* const from = registers();
        set_p0(static_cast<std::uint8_t>(q));
        set_slots(dense_slots(q));
        Register* const to = registers();
        const std::uint32_t targets = std::uint32_t{1} << q, sources = std::uint32_t{1} << p;
        for (std::uint32_t i = 0; i < targets; ++i) {
            Register merged = 0;
            for (std::uint32_t j = i; j < sources; j += targets)
                folded(j, from[j], p, q, [&](std::uint32_t, Register r) { merge_into(merged, r); });
            to[i] = merged;
        }
    }

    // The registers of a dense or packed image, of this precision or a higher one. Wants dense_bytes.
    void merge_registers(const Layout& other) {
        to_dense();
        Register* const to = registers();
        const int p = precision(), from = other.precision();
        if (from != p) {
            for_each_register(other, [&](std::uint32_t i, Register r) {
                folded(i, r, from, p, [&](std::uint32_t j, Register f) { merge_into(to[j], f); });
            });
        } else if (other.mode() == Mode::packed) {
            merge_coded(other.coded(), p, to);
        } else {
            merge_run(to, other.registers(), register_count());
        }
    }

    // The tokens of a sparse image, or those that wait in the write buffer of a dense one.
    void merge_tokens(const Layout& other) {
        const auto add = [this](Token token) {
            if (!buffer(token)) add_to_full(token);
        };
        if (other.mode() == Mode::packed) return;
        if (other.mode() == Mode::sparse_set) return other.token_set().each(add);
        for (std::uint32_t i = 0; i < other.count(); ++i) add(other.token(i));
    }

    // --- changing the mode ------------------------------------------------------------------------------------------

    void set_to_list() {
        if (mode() == Mode::sparse_set) start_list(token_set().to_list());
    }

    // Wants dense_bytes.
    void to_dense() {
        set_to_list();
        if (mode() == Mode::sparse) list_to_dense();
    }

    // The tokens stand where the write buffer of a dense image stands, so they are simply flushed.
    void list_to_dense() {
        const std::uint32_t tokens = count();
        start_dense();
        set_count(tokens);
        flush();
    }

    // --- applying what was buffered ---------------------------------------------------------------------------------

    bool list_is_sorted() const {
        for (std::uint32_t i = 1; i < count(); ++i)
            if (token(i - 1) >= token(i)) return false;
        return true;
    }
    void sort_list() {
        const auto tokens = items<Token>();
        set_count(sort_distinct(tokens.data(), tokens.size()));
    }
    void flush() {
        Register* const r = registers();
        const int p = precision();
        for (const Token token : items<Token>()) add_token(r, p, token);
        set_count(0);
    }

  private:
    void start_list(std::size_t tokens) {
        set_mode(Mode::sparse);
        set_slots(sparse_room());
        set_count(tokens);
    }
    void start_dense() {
        set_mode(Mode::dense);
        set_slots(dense_slots(precision()));
        set_count(0);
        std::memset(registers(), 0, register_count());
    }

    // Half of the slots must be free where more can be had, so that the work is paid by the items that fill them.
    bool wants_room() const { return count() > slots() / 2 && slots() < sparse_slots(precision()); }

    Status add_to_sorted(Token token) {
        if (wants_room()) return Status::no_room;
        if (list_to_set()) return add_to_set(token);
        buffer(token);
        return Status::ok;
    }

    // In its largest room a list becomes a set however full it is: it cannot grow, and a set is never sorted again. A
    // set has no slots: the write buffer takes nothing.
    bool list_to_set() {
        const bool largest = slots() == sparse_slots(precision());
        if (!HashSet<Token>::fits(largest ? 0 : count(), slots()) || !token_set().from_list(count())) return false;
        set_mode(Mode::sparse_set);
        set_slots(0);
        return true;
    }
    Status add_to_set(Token token) {
        HashSet<Token> set = token_set();
        if (set.holds(token)) return Status::ok;
        const std::size_t most = std::min(sparse_limit(precision()), HashSet<Token>::most(sparse_room()));
        if (count() < most && set.put(token)) {
            set_count(count() + 1);
            return Status::ok;
        }
        set_to_list();
        if (wants_room()) return Status::no_room;
        buffer(token);
        return Status::ok;
    }

    // Tokens suit every precision. At the lower one they may be too many for a list.
    void fold_list(int q) {
        set_to_list();
        set_p0(static_cast<std::uint8_t>(q));
        if (count() <= sparse_slots(q))
            start_list(count());
        else
            list_to_dense();
    }

    // Calls visit(index, register) for all registers of a dense or packed image, or at least for those that are filled.
    template <class Visit>
    static void for_each_register(const Layout& image, Visit visit) {
        const auto each = [&](std::uint32_t first, const Register* run, std::size_t n) {
            for (std::size_t i = 0; i < n; ++i) visit(first + static_cast<std::uint32_t>(i), run[i]);
        };
        if (image.mode() == Mode::dense) return each(0, image.registers(), image.register_count());
        if (image.coded().width() == kListWidth) return image.coded().for_each_listed(0, visit);
        image.coded().for_each_run(each);
    }
};

}  // namespace sketch::hll
