// Zero-load latency, scatter and gather against closed forms and against BookSim 2 (28f4329, 2D mesh, XY routing, one
// virtual channel, deep buffers): configurations A (4x4, hop 3, base 5), B (4x4, hop 10) and C (2x2, hop 20).
#include "sim/simba_l/mesh.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace heat::simba {
namespace {

spec::MeshSpec mesh(int width, int hop) {
  return {width, width, 1.0, hop, 5};  // a byte a flit
}

Noc::Endpoint at(int node) {
  return {spec::PeId(node), 0};
}

TEST(Mesh, ZeroLoadThenLatencyIsBasePlusHopsPlusLengthMinusOne) {
  for (int length : {1, 2, 16, 257})
    for (int from = 0; from < 16; ++from)
      for (int to = 0; to < 16; ++to) {
        Noc m(mesh(4, 3), 1);
        const int hops = std::abs(from % 4 - to % 4) + std::abs(from / 4 - to / 4);
        EXPECT_EQ(m.transfer(100, at(from), at(to), length), 100 + 5 + 3 * hops + length - 1);
      }
}

TEST(Mesh, PartialFlitThenOneMore) {
  Noc m({4, 4, 16.0, 3, 5}, 1);
  EXPECT_EQ(m.flits(16), 1);
  EXPECT_EQ(m.flits(17), 2);
}

// Completion of a scatter from node 0 to all others in order.
std::int64_t scatter(const spec::MeshSpec& spec, int length) {
  Noc m(spec, 1);
  std::int64_t last = 0;
  for (int to = 1; to < spec.nodes(); ++to) last = std::max(last, m.transfer(0, at(0), at(to), length));
  return last;
}

// Completion of a gather to node 0, nearest first.
std::int64_t gather(const spec::MeshSpec& spec, int length) {
  Noc m(spec, 1);
  std::int64_t last = 0;
  for (int distance = 1; distance <= 2 * (spec.width - 1); ++distance)
    for (int from = 1; from < spec.nodes(); ++from)
      if (m.hops(spec::PeId(from), spec::PeId(0)) == distance)
        last = std::max(last, m.transfer(0, at(from), at(0), length));
  return last;
}

struct BookSimCase {
  int width, hop, length;
  std::int64_t scatter, gather;  // gather -1: not measured
};

constexpr BookSimCase kBookSim[] = {{4, 3, 16, 262, 247},  {4, 3, 64, 982, 967},   {4, 3, 256, 3862, -1},
                                    {4, 10, 16, 304, 254}, {4, 10, 64, 1024, 974}, {4, 10, 256, 3904, -1},
                                    {2, 20, 16, 92, 72},   {2, 20, 64, 236, 216},  {2, 20, 256, 812, -1}};

TEST(Mesh, ScatterAndGatherEqualBookSim) {
  for (const BookSimCase& c : kBookSim) {
    SCOPED_TRACE(std::to_string(c.width) + " wide, hop " + std::to_string(c.hop) + ", " + std::to_string(c.length));
    EXPECT_EQ(scatter(mesh(c.width, c.hop), c.length), c.scatter);
    if (c.gather >= 0) {
      EXPECT_EQ(gather(mesh(c.width, c.hop), c.length), c.gather);
    }
  }
}

TEST(Mesh, MulticastThenEveryTreeLinkIsUsedOnce) {
  Noc m(mesh(4, 3), 1);
  std::vector<Noc::Endpoint> all;
  for (int n = 0; n < 16; ++n) all.push_back(at(n));
  std::vector<std::int64_t> arrivals;
  EXPECT_EQ(m.multicast(0, at(0), all, 64, arrivals), 15);  // a spanning tree of 16 nodes
  for (int n = 0; n < 16; ++n)
    EXPECT_EQ(arrivals[static_cast<std::size_t>(n)], 5 + 3 * m.hops(spec::PeId(0), spec::PeId(n)) + 63);
  // The tree is busy for 64 cycles: the next packet from the same source is 64 later.
  EXPECT_EQ(m.transfer(0, at(0), at(15), 1), 64 + 5 + 18);
}

TEST(Mesh, PacketsOnDisjointPathsThenNoDelay) {
  Noc m(mesh(4, 3), 1);
  m.transfer(0, at(0), at(3), 100);
  EXPECT_EQ(m.transfer(0, at(4), at(7), 100), 5 + 9 + 99);
  // The link 1 -> 2 carries the first packet from cycle 3 to 102: two flits fit before it, four do not.
  EXPECT_EQ(m.transfer(0, at(1), at(2), 2), 5 + 3 + 1);
  EXPECT_EQ(m.transfer(0, at(1), at(2), 4), 103 + 5 + 3 + 3);
}

TEST(Mesh, BytesThenFlitsAreRoundedUp) {
  for (const double width : {1.0, 3.0, 64.0, 100.0, 0.7, 12.8}) {
    spec::MeshSpec spec;
    spec.width = spec.height = 1;
    spec.link_bytes_per_cycle = width;
    const Noc mesh(spec, 1);
    for (std::int64_t bytes = 0; bytes < 2000; ++bytes)
      ASSERT_EQ(mesh.flits(bytes), static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / width)));
  }
}

TEST(Calendar, LaterReservationThenEarlierGapIsStillUsed) {
  Calendar c;
  EXPECT_EQ(c.reserve(100, 10), 100);
  EXPECT_EQ(c.reserve(0, 100), 0);
  EXPECT_EQ(c.reserve(0, 1), 110);
}

TEST(Calendar, RandomRequestsThenNoOverlapAndEarliestGap) {
  Calendar c;
  std::set<std::int64_t> busy;
  std::uint64_t x = 1;
  for (int i = 0; i < 2000; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    const std::int64_t at = static_cast<std::int64_t>(x >> 40) % 5000,
                       length = static_cast<std::int64_t>(x >> 20) % 7 + 1;
    std::int64_t expected = at;
    for (std::int64_t t = at; t < expected + length; ++t)
      if (busy.count(t)) expected = t + 1;
    ASSERT_EQ(c.reserve(at, length), expected);
    for (std::int64_t t = expected; t < expected + length; ++t) ASSERT_TRUE(busy.insert(t).second);
  }
}

}  // namespace
}  // namespace heat::simba
