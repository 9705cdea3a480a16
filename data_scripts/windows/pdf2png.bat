@echo off
rem pdf2png.bat: PDFs become page images. Run it from where it lies, on any folder:
rem     data_scripts\windows\pdf2png.bat C:\scans --output C:\pages
rem     data_scripts\windows\pdf2png.bat --help
setlocal DisableDelayedExpansion
rem UTF-8 on the console and in files that output is redirected to; the console's code page is put back at the end.
for /f "tokens=2 delims=:." %%p in ('chcp') do set "codepage=%%p"
chcp 65001 >nul
set "PYTHONUTF8=1"
set "python=%~dp0..\..\.venv\Scripts\python.exe"
if exist "%python%" goto own
py -3 "%~dp0..\pdf2png.py" %*
goto end
:own
"%python%" "%~dp0..\pdf2png.py" %*
:end
set "code=%ERRORLEVEL%"
chcp %codepage% >nul
exit /b %code%
