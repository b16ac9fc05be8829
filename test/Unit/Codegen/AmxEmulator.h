// Executes AMX instructions on a CPU that has none, for tests.
#ifndef TEST_UNIT_CODEGEN_AMXEMULATOR_H
#define TEST_UNIT_CODEGEN_AMXEMULATOR_H

namespace bitnet::test {

/// How a machine runs AMX code.
enum class Amx { Native, Emulated, Unavailable };

/// Makes AMX instructions run: the system's leave is asked for, or, where the
/// CPU has no AMX, an illegal instruction is decoded and done in software
/// until the program ends. That works on x86-64 Linux.
Amx enableAmx();

} // namespace bitnet::test

#endif // TEST_UNIT_CODEGEN_AMXEMULATOR_H
