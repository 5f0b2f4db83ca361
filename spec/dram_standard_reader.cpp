// Reads the constraint table of a standard. Constraints of commands that the configuration never issues (power-down,
// per-bank refresh, auto-precharge, a second rank) are dropped, so that a device file need not give timings without
// use.
#include <algorithm>
#include <sstream>

#include "base/relative_path.h"
#include "spec/dram_formula.h"
#include "spec/dram_spec_reader.h"

namespace heat::spec {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string w; in >> w;) words.push_back(w);
  return words;
}

// "ACT, PRE, ..."
std::string all_commands() {
  std::string text;
  for (const DramCommandInfo& command : kDramCommandList)
    text += (text.empty() ? "" : ", ") + std::string(command.name);
  return text;
}

}  // namespace

std::uint32_t DramSpecReader::usable_commands() const {
  const DramController& c = spec_.controller;
  using C = DramCommand;
  std::uint32_t mask = bit(C::kAct) | bit(C::kPre) | bit(C::kRd) | bit(C::kWr);
  if (c.page_policy == DramPagePolicy::kClosed) mask |= bit(C::kRdAp) | bit(C::kWrAp);
  if (c.refresh == DramRefreshMode::kAllBank) mask |= bit(C::kRefAll) | bit(C::kPreAll);
  if (c.refresh == DramRefreshMode::kPerBank) mask |= bit(C::kRefBank);
  if (c.power_down_idle_cycles > 0) mask |= bit(C::kPdEnter) | bit(C::kPdExit);
  if (c.self_refresh_idle_cycles > 0) mask |= bit(C::kSrEnter) | bit(C::kSrExit) | bit(C::kPreAll);
  return mask;
}

void DramSpecReader::read_standard(base::ConfigReader& timings) {
  const std::string relative = top_.text("standard");
  if (relative.empty()) return;
  const std::string path = base::beside(file_, relative);
  const std::size_t before = problems_.list().size();
  base::ConfigReader r = base::ConfigReader::load(path, problems_);
  if (problems_.list().size() > before) return;
  spec_.standard = r.text("name");
  r.text("source");
  spec_.split_command_bus = r.choice_or("command_bus", "shared", {"shared", "split"}) == "split";
  spec_.command_cycles.assign(kDramCommands, 1);
  const auto read_cycles = [&](base::ConfigReader& where) {
    auto cycles = where.optional_section("command_cycles");
    if (!cycles) return;
    for (const DramCommandInfo& command : kDramCommandList) {
      int& value = spec_.command_cycles[static_cast<std::size_t>(index(command.value))];
      value = static_cast<int>(cycles->integer_or(command.name, value, {1, 16}));
    }
  };
  read_cycles(r);
  read_cycles(top_);
  for (base::ConfigReader& item : r.sections("constraints")) read_constraint(item);
  r.finish();
  report_unused_timings(timings, path);
}

void DramSpecReader::report_unused_timings(base::ConfigReader& timings, const std::string& standard_path) {
  std::vector<std::string>& known = timing_names_in_formulas_;
  for (const char* other : {"BL", "tREFI", "tREFIpb", "tRFC", "tRFCpb", "tRC", "tRAS", "tRP"}) known.push_back(other);
  std::sort(known.begin(), known.end());
  for (const auto& [key, value] : spec_.timings) {
    (void)value;
    if (std::binary_search(known.begin(), known.end(), key)) continue;
    const auto near = base::nearest_word(key, known);
    problems_.add(timings.place(key), "unknown timing: no constraint of " + standard_path + " uses it" +
                                          (near ? " (did you mean '" + *near + "'?)" : std::string()));
  }
}

std::uint32_t DramSpecReader::read_commands(base::ConfigReader& item, const std::string& key) {
  std::uint32_t mask = 0;
  const std::string text = item.text(key);
  for (const std::string& word : words_of(text)) {
    const auto command = dram_command_of(word);
    if (command)
      mask |= bit(*command);
    else
      problems_.add(item.place(key), "'" + word + "' is no command (" + all_commands() + ")");
  }
  if (mask == 0 && !text.empty() && words_of(text).empty()) problems_.add(item.place(key), "names no command");
  return mask;
}

void DramSpecReader::read_constraint(base::ConfigReader& item) {
  const std::uint32_t from = read_commands(item, "from");
  const std::uint32_t to = read_commands(item, "to");
  const DramScope scope = base::value_named(kDramScopes, item.choice("scope", base::names_of(kDramScopes)));
  const std::string formula = item.text("latency");
  const int window = static_cast<int>(item.integer_or("window", 1, {1, 64}));
  FormulaResult result = evaluate_formula(formula, spec_.timings);
  if (!result.error.empty()) problems_.add(item.place("latency"), "'" + formula + "' is no formula: " + result.error);
  const FormulaResult names = evaluate_formula(formula, {});
  timing_names_in_formulas_.insert(timing_names_in_formulas_.end(), names.missing_names.begin(),
                                   names.missing_names.end());
  const bool below_rank = scope == DramScope::kBank || scope == DramScope::kBankGroup;
  for (const DramCommandInfo& command : kDramCommandList)
    if (below_rank && ((from | to) & bit(command.value)) && is_rank_command(command.value))
      problems_.add(item.place("scope"),
                    std::string(command.name) + " addresses a whole rank; scope must be rank, channel or other_rank");
  if (window > 1 && scope == DramScope::kOtherRank)
    problems_.add(item.place("window"), "a window needs scope bank, bank_group, rank or channel");
  const std::uint32_t usable = usable_commands();
  if ((from & usable) == 0 || (to & usable) == 0) return;
  if (scope == DramScope::kOtherRank && spec_.organization.ranks == 1) return;
  for (const std::string& missing : result.missing_names)
    problems_.add(top_.place("timings"), "missing timing '" + missing + "', used by " + item.place("latency"));
  if (!result.value) return;
  const std::string place = item.place();
  DramConstraint c;
  c.scope = scope;
  c.latency = *result.value;
  c.window = window;
  c.formula = formula;
  c.place = place.substr(0, place.find(": "));
  for (const DramCommandInfo& second : kDramCommandList) {
    if (!(to & usable & bit(second.value))) continue;
    c.to = second.value;
    for (const DramCommandInfo& first : kDramCommandList) {
      if (!(from & usable & bit(first.value))) continue;
      c.from_mask = window > 1 ? (from & usable) : bit(first.value);
      spec_.constraints.push_back(c);
      if (window > 1) break;
    }
  }
}

}  // namespace heat::spec
