// The commands a DRAM channel understands, and the parts of a channel a timing constraint can speak about.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>

#include "base/enum_table.h"

namespace heat::spec {

// The commands, each with its name in configuration files, command traces and reports, and what it addresses: a bank or a
// whole rank. Enum, names and counts follow from this list.
#define HEAT_DRAM_COMMANDS(X)                                       \
  X(kAct, "ACT", kBank)       /* activate a row */                  \
  X(kPre, "PRE", kBank)       /* precharge a bank */                \
  X(kPreAll, "PREA", kRank)   /* precharge every bank of a rank */  \
  X(kRd, "RD", kBank)         /* read one burst */                  \
  X(kRdAp, "RDA", kBank)      /* read, then precharge by itself */  \
  X(kWr, "WR", kBank)         /* write one burst */                 \
  X(kWrAp, "WRA", kBank)      /* write, then precharge by itself */ \
  X(kRefAll, "REFAB", kRank)  /* refresh every bank of a rank */    \
  X(kRefBank, "REFPB", kBank) /* refresh one bank */                \
  X(kPdEnter, "PDE", kRank)   /* power-down entry */                \
  X(kPdExit, "PDX", kRank)    /* power-down exit */                 \
  X(kSrEnter, "SRE", kRank)   /* self-refresh entry */              \
  X(kSrExit, "SRX", kRank)    /* self-refresh exit */

enum class DramCommand : std::uint8_t {
#define HEAT_COMMAND(id, text, target) id,
  HEAT_DRAM_COMMANDS(HEAT_COMMAND)
#undef HEAT_COMMAND
};

enum class DramTarget : std::uint8_t { kBank, kRank };

struct DramCommandInfo {
  DramCommand value;
  const char* name;
  DramTarget target;
};
constexpr DramCommandInfo kDramCommandList[] = {
#define HEAT_COMMAND(id, text, target) {DramCommand::id, text, DramTarget::target},
    HEAT_DRAM_COMMANDS(HEAT_COMMAND)
#undef HEAT_COMMAND
};
constexpr int kDramCommands = static_cast<int>(std::size(kDramCommandList));
static_assert(kDramCommands <= 32, "sets of commands are 32-bit masks (bit()): give DramConstraint::from_mask more");

constexpr int index(DramCommand command) {
  return static_cast<int>(command);
}
constexpr std::uint32_t bit(DramCommand command) {
  return 1u << index(command);
}
constexpr const char* name(DramCommand command) {
  return kDramCommandList[index(command)].name;
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
  return kDramCommandList[index(c)].target == DramTarget::kRank;
}

inline std::optional<DramCommand> dram_command_of(const std::string& text) {
  for (const DramCommandInfo& command : kDramCommandList)
    if (text == command.name) return command.value;
  return std::nullopt;
}

// Between which two commands of a channel a constraint holds: the same bank, bank group, rank or channel, or two
// different ranks of the channel.
enum class DramScope : std::uint8_t { kBank, kBankGroup, kRank, kChannel, kOtherRank };
constexpr std::array<base::EnumName<DramScope>, 5> kDramScopes{{{DramScope::kBank, "bank"},
                                                                {DramScope::kBankGroup, "bank_group"},
                                                                {DramScope::kRank, "rank"},
                                                                {DramScope::kChannel, "channel"},
                                                                {DramScope::kOtherRank, "other_rank"}}};
static_assert(base::in_enum_order(kDramScopes));
inline const char* name(DramScope scope) {
  return base::entry_of(kDramScopes, scope).name;
}

}  // namespace heat::spec
