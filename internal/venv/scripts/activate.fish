# Activates this virtual environment in fish:
#     source @bin@/activate.fish
# The function `deactivate` leaves it again.

function deactivate -d "Leave the virtual environment"
    if set -q _OLD_VIRTUAL_PATH
        set -gx PATH $_OLD_VIRTUAL_PATH
        set -e _OLD_VIRTUAL_PATH
    end
    if set -q _OLD_VIRTUAL_PYTHONHOME
        set -gx PYTHONHOME $_OLD_VIRTUAL_PYTHONHOME
        set -e _OLD_VIRTUAL_PYTHONHOME
    end
    if set -q _OLD_FISH_PROMPT_OVERRIDE; and functions -q _old_fish_prompt
        # Without an autoload path, fish_prompt can be erased for good.
        set -l fish_function_path
        functions -e fish_prompt
        functions -c _old_fish_prompt fish_prompt
        functions -e _old_fish_prompt
        set -e _OLD_FISH_PROMPT_OVERRIDE
    end
    set -e VIRTUAL_ENV
    set -e VIRTUAL_ENV_PROMPT
    if test "$argv[1]" != nondestructive
        functions -e pydoc
        functions -e deactivate
    end
end

# Leave what may be active.
deactivate nondestructive

set -gx VIRTUAL_ENV @root@
if string match -qr 'CYGWIN|MSYS|MINGW' (uname); and command -s cygpath >/dev/null
    set -gx VIRTUAL_ENV (cygpath -u "$VIRTUAL_ENV")
end

set -gx VIRTUAL_ENV_PROMPT @prompt@
if test -z "$VIRTUAL_ENV_PROMPT"
    set -gx VIRTUAL_ENV_PROMPT (basename $VIRTUAL_ENV)
end

set -gx _OLD_VIRTUAL_PATH $PATH
set -gx PATH $VIRTUAL_ENV/@bin@ $PATH

if set -q PYTHONHOME
    set -gx _OLD_VIRTUAL_PYTHONHOME $PYTHONHOME
    set -e PYTHONHOME
end

# The base Python's pydoc would not see this environment.
function pydoc
    python -m pydoc $argv
end

if test -z "$VIRTUAL_ENV_DISABLE_PROMPT"
    functions -c fish_prompt _old_fish_prompt
    function fish_prompt
        # The old prompt goes first, since it may show the last status; it can
        # have several lines.
        set -l prompt (_old_fish_prompt)
        printf '(%s) ' $VIRTUAL_ENV_PROMPT
        string join -- \n $prompt
    end
    set -gx _OLD_FISH_PROMPT_OVERRIDE $VIRTUAL_ENV
end
