@echo off
rem move_single.bat: one-page documents go into onepagers/. Run it from where it lies, on any folder:
rem     data_scripts\windows\move_single.bat C:\pages
rem     data_scripts\windows\move_single.bat --help
setlocal DisableDelayedExpansion
rem UTF-8 on the console and in files that output is redirected to; the console's code page is put back at the end.
for /f "tokens=2 delims=:." %%p in ('chcp') do set "codepage=%%p"
chcp 65001 >nul
set "PYTHONUTF8=1"
set "python=%~dp0..\..\.venv\Scripts\python.exe"
if exist "%python%" goto own
py -3 "%~dp0..\move_single.py" %*
goto end
:own
"%python%" "%~dp0..\move_single.py" %*
:end
set "code=%ERRORLEVEL%"
chcp %codepage% >nul
exit /b %code%
