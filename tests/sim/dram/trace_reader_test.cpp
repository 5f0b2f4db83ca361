// Traces of every format and compression, and the place of every malformed line.
#include "sim/dram/trace_reader.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <filesystem>

#include "sim/dram/address_mapping.h"
#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

std::vector<TraceRequest> read_all(TraceReader reader) {
  std::vector<TraceRequest> list;
  TraceRequest r;
  while (reader.next(r)) list.push_back(r);
  return list;
}

std::vector<TraceRequest> read_text(const std::string& text) {
  return read_all(TraceReader(memory_byte_source(text.data(), text.size()), "t"));
}

TEST(TraceReader, FormatsGiveTheSameRequests) {
  for (const char* text : {"R 0x1000\nW 0x40\n", "# comment\n\nLD 4096\nST 64", "0x1000 READ 7\r\n0x40 WRITE 9\r\n",
                           "4096 P_MEM_RD 0\n64 P_MEM_WR 5\n"}) {
    const auto list = read_text(text);
    ASSERT_EQ(list.size(), 2u) << text;
    EXPECT_EQ(list[0].address, 0x1000u);
    EXPECT_FALSE(list[0].write);
    EXPECT_EQ(list[1].address, 0x40u);
    EXPECT_TRUE(list[1].write);
  }
  EXPECT_EQ(read_text("0x0 READ 7\n0x40 READ 9\n")[1].cycle, 9);
  const auto levels = read_text("R 0,1,2,3,44,5\n");
  ASSERT_TRUE(levels[0].has_levels);
  EXPECT_EQ(levels[0].levels[4], 44);
}

TEST(TraceReader, MalformedLinesAreNamed) {
  const std::pair<const char*, const char*> cases[] = {{"R 0x0\nR 0xZZ\n", "t:2: "},
                                                       {"R 0x0\nX 0x40\n", "t:2: "},
                                                       {"R\n", "t:1: "},
                                                       {"R 0x0 5\n", "t:1: "},
                                                       {"0x0 READ\n", "t:1: "},
                                                       {"0x0 READ -4\n", "t:1: "},
                                                       {"0x0 FETCH 4\n", "t:1: "},
                                                       {"R 0x0\n0x40 READ 4\n", "t:2: "},
                                                       {"0x0 READ 9\n0x40 READ 4\n", "t:2: "},
                                                       {"R 99999999999999999999\n", "t:1: "},
                                                       {"R 0x11111111111111111\n", "t:1: "},
                                                       {"R 1,2,3\n", "t:1: "},
                                                       {"R 0,0,0,0,0,0,0\n", "t:1: "},
                                                       {"\n\n# c\nR 12x\n", "t:4: "}};
  for (const auto& [text, place] : cases) {
    try {
      read_text(text);
      ADD_FAILURE() << text;
    } catch (const base::TraceError& e) {
      EXPECT_EQ(std::string(e.what()).rfind(place, 0), 0u) << e.what();
    }
  }
  EXPECT_THROW(read_text("R " + std::string(10000, '0')), base::TraceError);
}

TEST(TraceReader, LinesAcrossWindowsAreWhole) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "R 0x" + std::to_string(i % 10) + "0\n";
  const auto list = read_text(text);
  ASSERT_EQ(list.size(), 100000u);
  for (std::size_t i = 0; i < list.size(); ++i) ASSERT_EQ(list[i].address, i % 10 * 16);
}

TEST(TraceReader, CompressedFilesReadAsPlainOnesAndTruncatedOnesAreErrors) {
  const auto folder = std::filesystem::temp_directory_path() / ("heat_trace_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string text = testing::sequential(50000, 3);
  const std::string plain = folder / "t.tr", gz = folder / "t.tr.gz", zst = folder / "t.tr.zst";
  base::write_file_atomically(plain, text);
  gzFile file = gzopen(gz.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  base::write_file_atomically(zst, packed);
  for (const std::string& path : {plain, gz, zst}) {
    const auto list = read_all(TraceReader(path));
    ASSERT_EQ(list.size(), 50000u) << path;
    EXPECT_EQ(list.back().address, 49999u * 64);
  }
  base::write_file_atomically(zst, packed.substr(0, packed.size() / 2));
  EXPECT_THROW(read_all(TraceReader(zst)), base::TraceError);
  const std::string gz_bytes = base::read_file(gz);
  base::write_file_atomically(gz, gz_bytes.substr(0, gz_bytes.size() / 2));
  EXPECT_THROW(read_all(TraceReader(gz)), base::TraceError);
  EXPECT_THROW(TraceReader(folder / "absent.tr"), base::FileError);
  std::filesystem::remove_all(folder);
}

TEST(Replay, AddressesBeyondTheCapacityAreErrorsUnlessWrapped) {
  const spec::DramSpec spec = testing::spec_of("reference/hbm2-m1.yaml");
  try {
    testing::replay(spec, "R 0x0\nR 0x40000000\n");
    ADD_FAILURE();
  } catch (const base::TraceError& e) {
    EXPECT_NE(std::string(e.what()).find("trace:2: address 0x40000000"), std::string::npos) << e.what();
  }
  ReplayOptions wrap;
  wrap.wrap_addresses = true;
  EXPECT_EQ(testing::replay(spec, "R 0x0\nR 0x40000000\n", wrap).result.requests, 2u);
  EXPECT_THROW(testing::replay(spec, "R 0,0,0,0,32768,0\n"), base::TraceError);
}

TEST(AddressMapping, EncodeInvertsDecodeOnEveryShippedMapping) {
  for (const char* file : {"ddr4-3200.yaml", "lpddr4-3200.yaml", "lpddr5-6400.yaml", "hbm2.yaml",
                           "reference/ddr4-m1.yaml", "reference/ddr4-m2.yaml", "reference/lpddr4-m1.yaml",
                           "reference/lpddr4-m2.yaml", "reference/hbm2-m1.yaml", "reference/hbm2-m2.yaml"}) {
    const spec::DramSpec spec = testing::spec_of(file);
    const AddressMapping mapping(spec);
    testing::Random random(1);
    const std::uint64_t lines = mapping.capacity_bytes() / 64;
    for (int i = 0; i < 2000; ++i) {
      const std::uint64_t address = random.below(lines) * 64;
      ASSERT_EQ(mapping.encode(mapping.decode(address)), address) << file;
    }
  }
}

TEST(AddressMapping, BitListsPickTheirBits) {
  const AddressMapping m1(testing::spec_of("reference/ddr4-m1.yaml"));
  const auto t = m1.decode((std::uint64_t{5} << 17) | (3u << 15) | (2u << 13) | (77u << 6));
  EXPECT_EQ(t.place.row, 5);
  EXPECT_EQ(t.place.bank, 2 * 4 + 3);
  EXPECT_EQ(t.place.bank_group, 2);
  EXPECT_EQ(t.place.column, 77);
}

}  // namespace
}  // namespace heat::dram
