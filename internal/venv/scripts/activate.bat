@rem Activates this virtual environment in the Windows command prompt:
@rem     @bin@\activate.bat
@rem deactivate.bat leaves it again.

@rem This file is UTF-8, which the code page has to say while it is read.
@for /f "tokens=2 delims=:." %%a in ('"%SystemRoot%\System32\chcp.com"') do @set _OLD_CODEPAGE=%%a
@if defined _OLD_CODEPAGE "%SystemRoot%\System32\chcp.com" 65001 >nul

@for %%i in ("@root@") do @set "VIRTUAL_ENV=%%~fi"
@set "VIRTUAL_ENV_PROMPT=@prompt@"
@if not defined VIRTUAL_ENV_PROMPT for %%d in ("%VIRTUAL_ENV%") do @set "VIRTUAL_ENV_PROMPT=%%~nxd"

@rem No blocks in parentheses from here on: PATH and PROMPT may contain some.
@if defined _OLD_VIRTUAL_PROMPT set "PROMPT=%_OLD_VIRTUAL_PROMPT%"
@if defined VIRTUAL_ENV_DISABLE_PROMPT goto prompted
@if not defined PROMPT set "PROMPT=$P$G"
@set "_OLD_VIRTUAL_PROMPT=%PROMPT%"
@set "PROMPT=(%VIRTUAL_ENV_PROMPT%) %PROMPT%"
:prompted

@if defined _OLD_VIRTUAL_PYTHONHOME goto homeless
@if defined PYTHONHOME set "_OLD_VIRTUAL_PYTHONHOME=%PYTHONHOME%"
:homeless
@set PYTHONHOME=

@if defined _OLD_VIRTUAL_PATH set "PATH=%_OLD_VIRTUAL_PATH%"
@if not defined _OLD_VIRTUAL_PATH set "_OLD_VIRTUAL_PATH=%PATH%"
@set "PATH=%VIRTUAL_ENV%\@bin@;%PATH%"

@if defined _OLD_CODEPAGE "%SystemRoot%\System32\chcp.com" %_OLD_CODEPAGE% >nul
@set _OLD_CODEPAGE=
