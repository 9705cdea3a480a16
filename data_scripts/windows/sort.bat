@echo off
rem sort.bat: pages go into label folders, by an annotation table. Run it from where it lies, on any folder:
rem     data_scripts\windows\sort.bat annotation.csv C:\pages C:\sorted --link
rem     data_scripts\windows\sort.bat --help
setlocal DisableDelayedExpansion
rem UTF-8 on the console and in files that output is redirected to; the console's code page is put back at the end.
for /f "tokens=2 delims=:." %%p in ('chcp') do set "codepage=%%p"
chcp 65001 >nul
set "PYTHONUTF8=1"
set "python=%~dp0..\..\.venv\Scripts\python.exe"
if exist "%python%" goto own
py -3 "%~dp0..\sort.py" %*
goto end
:own
"%python%" "%~dp0..\sort.py" %*
:end
set "code=%ERRORLEVEL%"
chcp %codepage% >nul
exit /b %code%
