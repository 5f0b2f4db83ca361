// Where the group loop stands and how it moves: steps of this chiplet's share, nodes of a step, tiles of a node (k
// innermost, then gb_order from the inside).
#include "firmware/src/machine.h"

uint32_t step_size_of(const struct machine* m, uint32_t c, uint32_t step) {
  const uint32_t share = simba_share_size(m->group[SIMBA_GRP_EXTENT], m->chiplets, c);
  return simba_piece_size(share, m->group[SIMBA_GRP_STEP], step);
}

uint32_t participants(const struct machine* m, const struct cursor* at, uint32_t element) {
  uint32_t count = 0;
  while (count < m->chiplets && step_size_of(m, count, at->step) * at->node[SIMBA_NODE_PER_VALUE] > element) ++count;
  return count;
}

uint32_t tile_start(const struct cursor* at, uint32_t dim) {
  return at->at[dim] * at->node[SIMBA_NODE_GB_TILE + dim];
}

uint32_t tile_size(const struct cursor* at, uint32_t dim) {
  return simba_piece_size(at->extents[dim], at->node[SIMBA_NODE_GB_TILE + dim], at->at[dim]);
}

// Places the cursor on the first tile of its node.
static void enter_node(const struct machine* m, struct cursor* at) {
  at->node = m->image + m->image[m->group[SIMBA_GRP_NODE_TABLE] + at->position];
  const uint32_t gemm = at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM;
  for (uint32_t d = 0; d < 4; ++d) {
    at->at[d] = 0;
    at->tiles[d] = 1;
    at->extents[d] = gemm ? at->node[SIMBA_NODE_EXTENTS + d] : 1;
  }
  at->extents[at->node[SIMBA_NODE_BOUND]] = at->size * at->node[SIMBA_NODE_PER_VALUE];
  if (gemm)
    for (uint32_t d = 0; d < 4; ++d) at->tiles[d] = simba_pieces(at->extents[d], at->node[SIMBA_NODE_GB_TILE + d]);
}

void cursor_enter_step(const struct machine* m, struct cursor* at) {
  at->size = step_size_of(m, m->chiplet, at->step);
  at->begin = m->share_begin + at->step * m->group[SIMBA_GRP_STEP];
  at->position = 0;
  at->valid = at->size != 0;
  if (at->valid) enter_node(m, at);
}

void cursor_advance(const struct machine* m, struct cursor* at) {
  at->loads_done = 0;
  if (++at->at[SIMBA_DIM_K] < at->tiles[SIMBA_DIM_K]) return;
  at->at[SIMBA_DIM_K] = 0;
  if (at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM) {
    for (uint32_t i = 3; i-- > 0;) {
      const uint32_t d = at->node[SIMBA_NODE_GB_ORDER + i];
      if (++at->at[d] < at->tiles[d]) return;
      at->at[d] = 0;
    }
  }
  if (++at->position < m->group[SIMBA_GRP_NODES]) {
    enter_node(m, at);
    return;
  }
  ++at->step;
  cursor_enter_step(m, at);
}
