# Activates this virtual environment in PowerShell:
#     . @bin@/activate.ps1
# The function `deactivate` leaves it again.

function global:deactivate ([switch] $NonDestructive) {
    foreach ($name in 'PATH', 'PYTHONHOME') {
        if (Test-Path -Path "Env:_OLD_VIRTUAL_$name") {
            Copy-Item -Path "Env:_OLD_VIRTUAL_$name" -Destination "Env:$name"
            Remove-Item -Path "Env:_OLD_VIRTUAL_$name"
        }
    }
    if (Test-Path -Path Function:_OLD_VIRTUAL_PROMPT) {
        Copy-Item -Path Function:_OLD_VIRTUAL_PROMPT -Destination Function:prompt
        Remove-Item -Path Function:_OLD_VIRTUAL_PROMPT
    }
    foreach ($name in 'VIRTUAL_ENV', 'VIRTUAL_ENV_PROMPT') {
        if (Test-Path -Path "Env:$name") {
            Remove-Item -Path "Env:$name"
        }
    }
    if (-not $NonDestructive) {
        Remove-Item -Path Function:pydoc -ErrorAction SilentlyContinue
        Remove-Item -Path Function:deactivate
    }
}

# Leave what may be active.
deactivate -NonDestructive

$env:VIRTUAL_ENV = Split-Path -Path $PSScriptRoot -Parent
$env:VIRTUAL_ENV_PROMPT = @prompt@
if (-not $env:VIRTUAL_ENV_PROMPT) {
    $env:VIRTUAL_ENV_PROMPT = Split-Path -Path $env:VIRTUAL_ENV -Leaf
}

Copy-Item -Path Env:PATH -Destination Env:_OLD_VIRTUAL_PATH
$env:PATH = (Join-Path -Path $env:VIRTUAL_ENV -ChildPath '@bin@') + '@sep@' + $env:PATH

if (Test-Path -Path Env:PYTHONHOME) {
    Copy-Item -Path Env:PYTHONHOME -Destination Env:_OLD_VIRTUAL_PYTHONHOME
    Remove-Item -Path Env:PYTHONHOME
}

if (-not $env:VIRTUAL_ENV_DISABLE_PROMPT) {
    function global:_OLD_VIRTUAL_PROMPT { "" }
    Copy-Item -Path Function:prompt -Destination Function:_OLD_VIRTUAL_PROMPT
    function global:prompt {
        "($env:VIRTUAL_ENV_PROMPT) " + (_OLD_VIRTUAL_PROMPT)
    }
}

# The base Python's pydoc would not see this environment.
function global:pydoc {
    & python -m pydoc @args
}
