"""Walks over an index's arrays, compiled by numba when they are first used.

All read the arrays of `kg.index.open`: `out_*` and `in_*` are the facts of a node and the facts
about it. Scratch arrays are handed in, [N] long and clean, and are left clean, so that a walk costs
what it touches and not what the graph holds.
"""

from __future__ import annotations

import numpy as np
from numba import njit

FORWARD, BACKWARD = 0, 1
EXPANDED = 2


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def around(out_start, out_object, in_start, in_subject, seeds, hops, max_facts, fanout, mark):  # type: ignore[no-untyped-def]
    """Collect the facts within `hops` of `seeds`, each once, nearest first.

    max_facts: maximum facts in all. fanout: maximum facts of one node in one direction.
    mark: [N] uint8, zero; 1 is met, 2 is expanded.
    Returns edge positions [K] and their directions [K]: positions in out_* where FORWARD, in in_*
    where BACKWARD.
    """
    positions = np.empty(max_facts, np.int64)
    directions = np.empty(max_facts, np.uint8)
    queue = np.empty(max_facts + seeds.size, np.int32)
    head, tail, found = 0, 0, 0
    for seed in seeds:
        if mark[seed] == 0:
            mark[seed] = 1
            queue[tail] = seed
            tail += 1
    hop = 0
    while hop < hops and found < max_facts and head < tail:
        level = tail
        while head < level and found < max_facts:
            node = queue[head]
            head += 1
            for direction in range(2):
                forward = direction == FORWARD
                starts, others = (out_start, out_object) if forward else (in_start, in_subject)
                end = min(starts[node + 1], starts[node] + fanout)
                for edge in range(starts[node], end):
                    if found == max_facts:
                        break
                    other = others[edge]
                    if other == node and not forward:
                        continue
                    if mark[other] == EXPANDED:  # then the fact was met from there, as a rule
                        if forward:
                            met = _within(in_start, in_subject, other, node, fanout)
                        else:
                            met = _within(out_start, out_object, other, node, fanout)
                        if met:
                            continue
                    positions[found], directions[found] = edge, direction
                    found += 1
                    if mark[other] == 0:
                        mark[other] = 1
                        queue[tail] = other
                        tail += 1
            mark[node] = EXPANDED
        hop += 1
    for i in range(tail):
        mark[queue[i]] = 0
    return positions[:found], directions[:found]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _within(starts, others, node, other, fanout):  # type: ignore[no-untyped-def]
    """Whether `other` stands in the row of `node`, as far as the fanout reaches."""
    low, high = starts[node], starts[node + 1]
    return high - low <= fanout or np.any(others[low : low + fanout] == other)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def shortest_path(out_start, out_object, in_start, in_subject, start, end, longest, parent, side):  # type: ignore[no-untyped-def]
    """Return the nodes of a shortest path, facts walked in either direction; [] for none.

    Searches from both ends at once, each time from the end whose border has fewer facts.
    parent: [N] int32, anything. side: [N] uint8, zero; 1 is reached from `start`, 2 from `end`.
    """
    if start == end:
        return np.array([start], np.int32)
    queues = [np.empty(1024, np.int32), np.empty(1024, np.int32)]
    heads, tails = np.zeros(2, np.int64), np.ones(2, np.int64)
    queues[0][0], queues[1][0] = start, end
    side[start], side[end] = 1, 2
    parent[start] = parent[end] = -1
    meet_a = meet_b = np.int32(-1)
    for _ in range(longest):
        costs = np.zeros(2, np.int64)
        for which in range(2):
            for i in range(heads[which], tails[which]):
                node = queues[which][i]
                costs[which] += out_start[node + 1] - out_start[node]
                costs[which] += in_start[node + 1] - in_start[node]
        which = 0 if costs[0] <= costs[1] else 1
        if heads[which] == tails[which]:
            break
        mine, theirs = which + 1, 2 - which
        level = tails[which]
        while heads[which] < level and meet_a < 0:
            node = queues[which][heads[which]]
            heads[which] += 1
            for direction in range(2):
                starts = out_start if direction == FORWARD else in_start
                others = out_object if direction == FORWARD else in_subject
                for edge in range(starts[node], starts[node + 1]):
                    other = others[edge]
                    if side[other] == theirs:
                        meet_a, meet_b = node, other
                        break
                    if side[other] == 0:
                        side[other] = mine
                        parent[other] = node
                        if tails[which] == queues[which].size:
                            longer = np.empty(2 * queues[which].size, np.int32)
                            longer[: tails[which]] = queues[which]
                            queues[which] = longer
                        queues[which][tails[which]] = other
                        tails[which] += 1
                if meet_a >= 0:
                    break
        if meet_a >= 0:
            break
    if meet_a >= 0 and side[meet_a] == 2:
        meet_a, meet_b = meet_b, meet_a
    path = np.empty(longest + 1, np.int32)
    length = 0
    node = meet_a
    while node >= 0:
        path[length] = node
        length += 1
        node = parent[node]
    path[:length] = path[:length][::-1].copy()
    node = meet_b
    while node >= 0:
        path[length] = node
        length += 1
        node = parent[node]
    for which in range(2):
        for i in range(tails[which]):
            side[queues[which][i]] = 0
    return path[:length].copy()


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def personalised_pagerank(  # type: ignore[no-untyped-def]
    out_start, out_object, in_start, in_subject, seeds, restart, tolerance, rank, residue
):
    """Return nodes and their approximate personalised PageRank, facts walked in either direction.

    Forward push (Andersen, Chung and Lang, FOCS 2006): what a node still has to pass on, its
    residue, is passed on while it is above tolerance x its number of facts. The walk jumps back
    to one of `seeds` with probability `restart`. What is left then ends where it lies with that
    probability, and else is taken to be spread as a walk without end spreads it: by the number of
    facts. That costs nothing, and orders nodes as a tolerance a hundred times smaller would.
    rank, residue: [N] float64, zero.
    """
    queue = np.empty(1024 + seeds.size, np.int32)
    touched = np.empty(1024 + seeds.size, np.int32)
    head, tail, count = 0, 0, 0
    for seed in seeds:
        if residue[seed] == 0.0:
            touched[count] = seed
            count += 1
            queue[tail] = seed
            tail += 1
        residue[seed] += 1.0 / seeds.size
    while head < tail:
        node = queue[head]
        head += 1
        degree = out_start[node + 1] - out_start[node] + in_start[node + 1] - in_start[node]
        waiting = residue[node]
        if degree == 0:
            rank[node] += waiting
            residue[node] = 0.0
            continue
        if waiting < tolerance * degree:
            continue
        rank[node] += restart * waiting
        residue[node] = 0.0
        share = (1.0 - restart) * waiting / degree
        for direction in range(2):
            starts = out_start if direction == FORWARD else in_start
            others = out_object if direction == FORWARD else in_subject
            for edge in range(starts[node], starts[node + 1]):
                other = others[edge]
                before = residue[other]
                if before == 0.0 and rank[other] == 0.0:
                    if count == touched.size:
                        longer = np.empty(2 * count, np.int32)
                        longer[:count] = touched
                        touched = longer
                    touched[count] = other
                    count += 1
                residue[other] = before + share
                bound = tolerance * (
                    out_start[other + 1] - out_start[other] + in_start[other + 1] - in_start[other]
                )
                if before < bound <= before + share:
                    if tail == queue.size:
                        pending = tail - head
                        grown = np.empty(max(2 * pending, queue.size), np.int32)
                        grown[:pending] = queue[head:tail]
                        queue, head, tail = grown, 0, pending
                    queue[tail] = other
                    tail += 1
    left = 0.0
    for i in range(count):
        left += residue[touched[i]]
    spread = (1.0 - restart) * left / max(2 * out_object.size, 1)
    ranks = np.empty(count, np.float64)
    for i in range(count):
        node = touched[i]
        degree = out_start[node + 1] - out_start[node] + in_start[node + 1] - in_start[node]
        ranks[i] = rank[node] + restart * residue[node] + spread * degree
        rank[node] = 0.0
        residue[node] = 0.0
    return touched[:count], ranks


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def words_like(starts, letters, backwards, word):  # type: ignore[no-untyped-def]
    """Return the numbers of the words that differ from `word` (uint8 [L]) by one mistake.

    A mistake is one letter more, less or other, or two neighbours exchanged, where a letter is a
    byte. The arrays are those of `kg.index.spelling.word_arrays`.
    """
    half = word.size // 2
    found = np.empty(64, np.int32)
    count = 0
    if half > 0 and word[half - 1] != word[half]:
        exchanged = word.copy()
        exchanged[half - 1], exchanged[half] = word[half], word[half - 1]
        number = word_number(starts, letters, backwards, exchanged)
        if number >= 0:
            found[count] = number
            count += 1
    for direction in range(2):
        part = half if direction == FORWARD else word.size - half
        low = _bound(starts, letters, backwards, word, part, direction, False)
        high = _bound(starts, letters, backwards, word, part, direction, True)
        for position in range(low, high):
            number = position if direction == FORWARD else backwards[position]
            size = np.int64(starts[number + 1]) - np.int64(starts[number])
            if abs(size - word.size) > 1:  # the size alone rules out nearly all
                continue
            if _one_mistake(letters[starts[number] : starts[number + 1]], word):
                if count == found.size:
                    longer = np.empty(2 * count, np.int32)
                    longer[:count] = found
                    found = longer
                found[count] = number
                count += 1
    return np.unique(found[:count])


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def word_number(starts, letters, backwards, word):  # type: ignore[no-untyped-def]
    """Return the number of `word` (uint8 [L]) among the words, or -1."""
    number = _bound(starts, letters, backwards, word, word.size, FORWARD, False)
    if number == starts.size - 1 or not _equal(letters[starts[number] : starts[number + 1]], word):
        return -1
    return number


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _bound(starts, letters, backwards, word, part, direction, behind):  # type: ignore[no-untyped-def]
    """Find by bisection the first word that begins (or ends) with `part` letters of `word`.

    behind: find the first word behind those.
    """
    low, high = 0, starts.size - 1
    while low < high:
        middle = (low + high) // 2
        number = middle if direction == FORWARD else backwards[middle]
        order = _order(letters[starts[number] : starts[number + 1]], word, part, direction)
        if order < 0 or (behind and order == 0):
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _order(other, word, part, direction):  # type: ignore[no-untyped-def]
    """Compare the first (or last) `part` letters of two words: -1, 0, or 1 for `other` behind."""
    for i in range(part):
        if i >= other.size:
            return -1
        if direction == FORWARD:
            theirs, ours = other[i], word[i]
        else:
            theirs, ours = other[other.size - 1 - i], word[word.size - 1 - i]
        if theirs != ours:
            return -1 if theirs < ours else 1
    return 0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _equal(a, b):  # type: ignore[no-untyped-def]
    if a.size != b.size:
        return False
    return np.all(a == b)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _one_mistake(a, b):  # type: ignore[no-untyped-def]
    """Whether two words differ by exactly one mistake."""
    if abs(a.size - b.size) > 1:
        return False
    first = 0
    while first < min(a.size, b.size) and a[first] == b[first]:
        first += 1
    last = 0
    while last < min(a.size, b.size) - first and a[a.size - 1 - last] == b[b.size - 1 - last]:
        last += 1
    left_a, left_b = a.size - first - last, b.size - first - last
    if left_a <= 1 and left_b <= 1:
        return left_a + left_b > 0
    return left_a == 2 and left_b == 2 and a[first] == b[first + 1] and a[first + 1] == b[first]
