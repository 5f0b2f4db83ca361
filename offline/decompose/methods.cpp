// One line a method; its file defines the function.
#include "offline/decompose/methods.h"

#include "base/config_reader.h"
#include "base/errors.h"

// clang-format off
#define HEAT_METHODS(X) \
  X(cp_method) \
  X(tucker_method) \
  X(ttm_method) \
  X(tensor_ring_method) \
  X(svd_method)
// clang-format on

namespace heat::offline {

#define X(method) const Method& method();
HEAT_METHODS(X)
#undef X

const std::vector<const Method*>& methods() {
#define X(method) &method(),
  static const std::vector<const Method*> all{HEAT_METHODS(X)};
#undef X
  return all;
}

const Method& default_method() {
  return tucker_method();
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const Method* m : methods()) names.push_back(m->name());
  return names;
}

std::string method_choices() {
  std::string text;
  for (const std::string& name : method_names()) text += (text.empty() ? "" : " | ") + name;
  return text;
}

const Method& method_named(const std::string& name) {
  for (const Method* m : methods())
    if (name == m->name()) return *m;
  const auto near = base::nearest_word(name, method_names());
  throw base::ConfigError("unknown method '" + name + "'" +
                          (near ? " (did you mean '" + *near + "'?)" : std::string()) + ": expected " +
                          method_choices());
}

const Method& method_of(const Form& form) {
  return method_named(form.method);
}

}  // namespace heat::offline
