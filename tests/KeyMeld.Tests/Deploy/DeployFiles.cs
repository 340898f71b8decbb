using System.Diagnostics;
using KeyMeld.Tests.Support;
using YamlDotNet.RepresentationModel;

namespace KeyMeld.Tests.Deploy;

/// <summary>The files of <c>deploy/</c>, and programs that judge them.</summary>
internal static class DeployFiles
{
    public static string Root { get; } = Path.Combine(Vectors.SourceRoot(), "deploy");

    public static string Of(params string[] path) => Path.Combine([Root, .. path]);

    public static YamlMappingNode Yaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    /// <summary>Runs a program; skips where it is missing, and fails there under CI.</summary>
    public static (int Exit, string Output) Run(string program, string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        try
        {
            using var process = Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + error.Result);
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", $"{program}: {missing.Message}");
            Assert.Skip($"{program} is not installed");
            throw;
        }
    }
}
