using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Everything that crosses to C is blittable: no hidden marshalling, no hidden copies of secrets.
[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
