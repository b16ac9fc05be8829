# Prelinks the sources of the runtime, for this machine and for others.

# prelink_bitnet_runtime(NAME sources... [ARCHIVES ...] [MACHINE triple])
# -> lib/bitnet/[MACHINE/]NAME.o
function(prelink_bitnet_runtime name)
  cmake_parse_arguments(ARG "" "MACHINE" "ARCHIVES" ${ARGN})
  set(folder bitnet)
  set(target ${name})
  if(ARG_MACHINE)
    set(folder bitnet/${ARG_MACHINE})
    set(target ${name}-${ARG_MACHINE})
    list(APPEND flags --target=${ARG_MACHINE})
    if(ARG_MACHINE MATCHES aarch64) # a library has no libgcc for them
      list(APPEND flags -mno-outline-atomics)
    endif()
  endif()
  set(output ${CMAKE_BINARY_DIR}/lib/${folder}/${name}.o)
  add_library(${target}-objects OBJECT ${ARG_UNPARSED_ARGUMENTS})
  target_compile_options(${target}-objects PRIVATE ${flags} -fno-sanitize=all)
  set_target_properties(${target}-objects PROPERTIES CXX_VISIBILITY_PRESET hidden)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/lib/${folder}
    COMMAND ${BITNET_LLD} -r -o ${output} $<TARGET_OBJECTS:${target}-objects> ${ARG_ARCHIVES}
    DEPENDS $<TARGET_OBJECTS:${target}-objects> COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${target} ALL DEPENDS ${output})
  install(FILES ${output} DESTINATION ${CMAKE_INSTALL_LIBDIR}/${folder})
endfunction()

# prelink_bitnet_runtimes(PCRE2 ZLIB [MACHINE triple])
function(prelink_bitnet_runtimes pcre2 zlib)
  prelink_bitnet_runtime(bitnet-runtime-exe ${core} ${program} Main.cpp
    ARCHIVES ${pcre2} ${zlib} ${ARGN})
  prelink_bitnet_runtime(bitnet-runtime-lib ${core} ${library}
    ARCHIVES ${pcre2} ${ARGN})
endfunction()
