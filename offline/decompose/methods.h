// The registry of decomposition methods.
#pragma once

#include <string>
#include <vector>

#include "offline/decompose/method.h"

namespace heat::offline {

// All of them, in the order in which help texts list them.
const std::vector<const Method*>& methods();

// Throws base::ConfigError with a suggestion on a word that is no method's name.
const Method& method_named(const std::string& name);
// Of a form that is not dense; throws base::ConfigError on a name that is no method's.
const Method& method_of(const Form& form);

// Where a configuration names none.
const Method& default_method();

std::vector<std::string> method_names();
// The names joined: "a | b | c".
std::string method_choices();

}  // namespace heat::offline
