// A help is printed even where required options are missing: po::notify, which misses them, comes after it.
#include "base/command_line.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <optional>
#include <typeinfo>

#include "base/errors.h"
#include "base/program.h"

namespace heat::base {

namespace po = boost::program_options;

namespace {

// What the text of a number should be, where it is none of the type: what Boost would read of it otherwise is a number
// that nobody wrote (-1 as 2^64 - 1, nan) or a message that does not say what was expected.
template <class T>
std::optional<std::string> integer_expected(const std::string& text) {
  T value{};
  const char* begin = text.data() + (!text.empty() && text[0] == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return std::nullopt;
  return "an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
         std::to_string(std::numeric_limits<T>::max());
}

std::optional<std::string> number_expected(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (!text.empty() && end == text.c_str() + text.size() && std::isfinite(value)) return std::nullopt;
  return "a finite number";
}

std::optional<std::string> expected_instead(const std::type_info& type, const std::string& text) {
  if (type == typeid(int)) return integer_expected<int>(text);
  if (type == typeid(std::int64_t)) return integer_expected<std::int64_t>(text);
  if (type == typeid(unsigned)) return integer_expected<unsigned>(text);
  if (type == typeid(std::uint64_t)) return integer_expected<std::uint64_t>(text);
  if (type == typeid(double)) return number_expected(text);
  return std::nullopt;
}

void check_numbers(const po::parsed_options& parsed, const po::options_description& options) {
  for (const auto& given : parsed.options) {
    const po::option_description* option = options.find_nothrow(given.string_key, false);
    if (option == nullptr || given.value.size() != 1) continue;
    const auto* typed = dynamic_cast<const po::typed_value_base*>(option->semantic().get());
    if (typed == nullptr) continue;
    if (const auto expected = expected_instead(typed->value_type(), given.value[0]))
      throw po::error("--" + option->long_name() + " '" + given.value[0] + "': expected " + *expected);
  }
}

}  // namespace

bool parse_command_line(int argc, char** argv, CommandLine line, po::variables_map& values) {
  if (!line.options.find_nothrow("help", false)) line.options.add_options()("help", "print this text");
  const std::string name = line.program + (line.command.empty() ? "" : " " + line.command);
  try {
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    const po::parsed_options parsed =
        po::command_line_parser(argc, argv).options(line.options).style(style).positional(line.positional).run();
    check_numbers(parsed, line.options);
    po::store(parsed, values);
    if (values.count("help")) {
      std::cout << line.opening << line.options << "\nExamples:\n" << line.examples;
      return false;
    }
    if (values.count("version")) {
      std::cout << version_line(line.program) << "\n";
      return false;
    }
    po::notify(values);
  } catch (const po::error& e) {
    throw ConfigError((line.command.empty() ? "" : name + ": ") + e.what() + " (see " + name + " --help)");
  }
  return true;
}

void add_program_options(po::options_description& options) {
  options.add_options()("help,h", "this text")("version", "name and version");
}

}  // namespace heat::base
