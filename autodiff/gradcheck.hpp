#pragma once
// declared below by its author
