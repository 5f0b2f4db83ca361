// SIGINT and SIGTERM as a flag that long work looks at between two items.
#pragma once

namespace heat::base {

// From now on SIGINT and SIGTERM set the flag. A second signal of the same kind ends the process at once.
void catch_interrupts();

// Whether one has come since catch_interrupts(); false without it.
bool interrupted();

}  // namespace heat::base
