// SPDX-License-Identifier: PostgreSQL
//
// Heavy hitters, the part that topk and trend share: at most so many items with their weights, and one floor.
//
// Lazy Space-Saving (Metwally, Agrawal, El Abbadi, ICDT 2005, as a Misra-Gries summary that is pruned in bulk; merging:
// Agarwal et al., PODS 2012), with a filter before it (Homem, Carvalho 2010). An entry is an item, its upper bound c
// and its error e; what was counted for sure is c - e. An item that is not there weighs at most the floor. A newcomer
// begins with c = bound + weight and e = bound, where the bound is the floor, or less where the filter knows better.
// Once 1.5 k entries stand, those above the (k+1)-th largest c stay, and the floor rises to the largest c that went.
// Each rise of the floor is taken from more than k entries at once, so
//
//   c - e <= weight <= c for an entry, weight <= floor for any other item, floor <= total / (k + 1),
//
// for any stream and any tree of merges. With several scales (trend) an entry has a c and an e for each; pruning keeps
// what is among the first k / scales of any of them, and the bound is total * scales / k.
//
// Weights are sums of doubles: exact while they are integers below 2^53, and else as long as no addition is rounded.
// Afterwards roundings are counted, and readers widen the bounds by what they can have done (estimate.hpp).
//
//   Working images:  head | working head | log | cells | slots | entries | arena
//   Trimmed images:  head | entries | arena, without slack: at most k entries, integers in their order, strings by hash
//                    and then by their bytes
//
//   header        mode = kind of the items; slots, count: of the log (log.hpp)
//   head          u32 k, u32 entries, f32 roundings, u32 bytes of the arena in use; what the room adds; for each scale
//                 f64 total, f64 floor
//   working head  u24 capacity of the table (0: none), u8 log2 of the cells + 1 (0: none), u32 flags: 1 the index is
//                 sorted, 2 additions are watched for roundings
//   log           `slots` words of 8 bytes: rows that wait
//   cells         of the filter: for each cell and each scale f64
//   slots         the index (entry_table.hpp): u16 each, entry + 1 or 0; if it is sorted, entries
//   entries       u64 word; for each scale f64 c; for each scale f64 e. The word is an integer itself, else the hash of
//                 the item (upper half) and its place in the arena, where items stand in the order of their entries
//
// A row: Topk::add, State::append into the Log; State::flush hashes and weighs it as part of a Batch, and an
// Application gives it to an entry of the EntryTable, to a cell of the Filter, or to a new entry, after a Pruning if
// need be. All three are views, held together by a Summary. Merging adds one summary to another, Packing makes the
// stored form, and Reader answers questions about that.
#pragma once

#include "heavy_hitters/estimate.hpp"
#include "heavy_hitters/state.hpp"
