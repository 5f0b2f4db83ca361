// The commands a DRAM channel understands, and the parts of a channel a timing constraint can speak about.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace heat::spec {

// kPreAll .. kSrExit except kRefBank address a whole rank; the others a bank.
enum class DramCommand : std::uint8_t {
  kAct,      // activate a row
  kPre,      // precharge a bank
  kPreAll,   // precharge every bank of a rank
  kRd,       // read one burst
  kRdAp,     // read, then precharge by itself
  kWr,       // write one burst
  kWrAp,     // write, then precharge by itself
  kRefAll,   // refresh every bank of a rank
  kRefBank,  // refresh one bank
  kPdEnter,  // power-down entry and exit
  kPdExit,
  kSrEnter,  // self-refresh entry and exit
  kSrExit,
};
constexpr int kDramCommands = 13;

// Names in configuration files, command traces and reports.
constexpr std::array<const char*, kDramCommands> kDramCommandNames = {
    "ACT", "PRE", "PREA", "RD", "RDA", "WR", "WRA", "REFAB", "REFPB", "PDE", "PDX", "SRE", "SRX"};

constexpr int index(DramCommand command) {
  return static_cast<int>(command);
}
constexpr std::uint32_t bit(DramCommand command) {
  return 1u << index(command);
}
inline const char* name(DramCommand command) {
  return kDramCommandNames[static_cast<std::size_t>(index(command))];
}

constexpr bool is_read(DramCommand c) {
  return c == DramCommand::kRd || c == DramCommand::kRdAp;
}
constexpr bool is_write(DramCommand c) {
  return c == DramCommand::kWr || c == DramCommand::kWrAp;
}
constexpr bool is_column(DramCommand c) {
  return is_read(c) || is_write(c);
}
// Whether the command addresses a rank, not a bank.
constexpr bool is_rank_command(DramCommand c) {
  return c == DramCommand::kPreAll || c == DramCommand::kRefAll || index(c) >= index(DramCommand::kPdEnter);
}

inline std::optional<DramCommand> dram_command_of(const std::string& text) {
  for (int i = 0; i < kDramCommands; ++i)
    if (text == kDramCommandNames[static_cast<std::size_t>(i)]) return static_cast<DramCommand>(i);
  return std::nullopt;
}

// Between which two commands of a channel a constraint holds: the same bank, bank group, rank or channel, or two
// different ranks of the channel.
enum class DramScope : std::uint8_t { kBank, kBankGroup, kRank, kChannel, kOtherRank };
constexpr std::array<const char*, 5> kDramScopeNames = {"bank", "bank_group", "rank", "channel", "other_rank"};
inline const char* name(DramScope scope) {
  return kDramScopeNames[static_cast<std::size_t>(scope)];
}

}  // namespace heat::spec
