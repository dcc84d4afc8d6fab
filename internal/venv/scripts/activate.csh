# Activates this virtual environment in csh and tcsh:
#     source @bin@/activate.csh
# The alias `deactivate` leaves it again.

# csh expands a whole `if` line before it decides, even variables that are not
# there; hence test and &&.
alias deactivate 'test $?_OLD_VIRTUAL_PATH != 0 && setenv PATH "$_OLD_VIRTUAL_PATH:q" && unset _OLD_VIRTUAL_PATH; test $?_OLD_VIRTUAL_PYTHONHOME != 0 && setenv PYTHONHOME "$_OLD_VIRTUAL_PYTHONHOME:q" && unset _OLD_VIRTUAL_PYTHONHOME; test $?_OLD_VIRTUAL_PROMPT != 0 && set prompt="$_OLD_VIRTUAL_PROMPT:q" && unset _OLD_VIRTUAL_PROMPT; unsetenv VIRTUAL_ENV; unsetenv VIRTUAL_ENV_PROMPT; rehash; test "\!:*" != nondestructive && unalias deactivate && unalias pydoc'

# Leave what may be active.
deactivate nondestructive

setenv VIRTUAL_ENV @root@
setenv VIRTUAL_ENV_PROMPT @prompt@
if ( "$VIRTUAL_ENV_PROMPT:q" == "" ) setenv VIRTUAL_ENV_PROMPT "$VIRTUAL_ENV:t:q"

set _OLD_VIRTUAL_PATH="$PATH:q"
setenv PATH "$VIRTUAL_ENV:q/@bin@:$PATH:q"

if ( $?PYTHONHOME ) then
    set _OLD_VIRTUAL_PYTHONHOME="$PYTHONHOME:q"
    unsetenv PYTHONHOME
endif

# A shell that is not interactive has no prompt.
if ( $?prompt ) then
    set _virtual_prompt = 1
    if ( $?VIRTUAL_ENV_DISABLE_PROMPT ) then
        if ( "$VIRTUAL_ENV_DISABLE_PROMPT:q" != "" ) set _virtual_prompt = 0
    endif
    if ( $_virtual_prompt ) then
        set _OLD_VIRTUAL_PROMPT="$prompt:q"
        set prompt="($VIRTUAL_ENV_PROMPT:q) $prompt:q"
    endif
    unset _virtual_prompt
endif

# The base Python's pydoc would not see this environment.
alias pydoc python -m pydoc

rehash
